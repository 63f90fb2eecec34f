import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { checkStores } from '#infra/check-stores.ts';
import { SignInSecrets } from '#infra/connections/sign-in-secrets.ts';
import { Alarms } from '#infra/constructs/alarms.ts';
import { AlertTopic } from '#infra/constructs/alert-topic.ts';
import { Dashboard } from '#infra/constructs/dashboard.ts';
import { RelayMetrics } from '#infra/constructs/metrics.ts';
import { Network } from '#infra/constructs/network.ts';
import { RecordsBucket } from '#infra/constructs/records-bucket.ts';
import { RelayKey } from '#infra/constructs/relay-key.ts';
import { Functions } from '#infra/functions.ts';
import { addComments, addLooks, createCommentQueue } from '#infra/triggers/comments.ts';
import { addIntake, Intake } from '#infra/triggers/intake.ts';
import { addMachines, Machines } from '#infra/triggers/machines.ts';
import { Schedules } from '#infra/triggers/schedules.ts';
import { addTickets, createTicketQueue } from '#infra/triggers/tickets.ts';
import { addAge } from '#infra/workflows/age.ts';
import { addAuthenticate } from '#infra/workflows/authenticate.ts';
import { addCheckout } from '#infra/workflows/checkout.ts';
import { addDirectory } from '#infra/workflows/directory.ts';
import { addExport } from '#infra/workflows/export.ts';
import { addOldCheckouts } from '#infra/workflows/old-checkouts.ts';
import { addProvision } from '#infra/workflows/provision.ts';
import { addRotate } from '#infra/workflows/rotate.ts';
import { addSync } from '#infra/workflows/sync.ts';
import { addUpkeep } from '#infra/workflows/upkeep.ts';
import type { AddWorkflow, Output } from '#infra/workflows/workflow.ts';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RECORDS_OUTPUT, relayIdOf } from '#shared/names.ts';
import { takesMachines, takesMessages } from '#shared/workflows/intake.ts';
import { takesTickets, writesComments } from '#shared/workflows/tickets.ts';

/** All workflows, in the order of their rows on the dashboard. */
const WORKFLOWS: readonly AddWorkflow[] = [
  addSync,
  addIntake,
  addCheckout,
  addProvision,
  addRotate,
  addAge,
  addOldCheckouts,
  addExport,
  addDirectory,
  addMachines,
  addTickets,
  addComments,
  addLooks,
  addUpkeep,
  addAuthenticate,
];

export interface RelayStackProps extends StackProps {
  readonly config: RelayConfig;
  /** The types of connection and store that the configuration can use. Default: the registered types. */
  readonly types?: RegisteredTypes;
  /** Directory with a folder for each bundled function. */
  readonly bundles: string;
}

/** One relay: the configuration of a relay.yaml, deployed to one AWS account and region. */
export class RelayStack extends Stack {
  constructor(scope: Construct, id: string, { config, types = REGISTERED_TYPES, bundles, ...props }: RelayStackProps) {
    super(scope, id, {
      description: 'pam-relay: keeps secret stores in step with a privileged access vault',
      // White space would be half of the size that CloudFormation limits.
      suppressTemplateIndentation: true,
      ...props,
    });
    checkStores(config, types, this);
    // CDK splits policies by an estimate, in which every ARN is equally long. `role-policies.ts` knows their lengths.
    this.node.setContext('@aws-cdk/aws-iam.arnSizeEstimate', 0);
    // relay.yaml allows a subset of the periods that CloudWatch accepts.
    const logRetentionDays: RetentionDays = config.logRetentionDays;
    const key = new RelayKey(this, 'Key');
    const { network: networkConfig } = config;
    const network =
      networkConfig && new Network(this, 'Network', { network: networkConfig, remotes: config, key, logRetentionDays });
    const records = new RecordsBucket(this, 'Records', {
      key,
      exports: config.exports,
      directories: Object.keys(config.directories),
    });
    const alerts = new AlertTopic(this, 'Alerts', { key, emails: config.alerts.emails });
    const intake = takesMessages(config) ? new Intake(this, 'Intake', { settings: config.intake, key }) : undefined;
    const machines = takesMachines(config) ? new Machines(this, 'Machines', { key }) : undefined;
    const tickets = takesTickets(config) ? createTicketQueue(this, key) : undefined;
    const comments = writesComments(config) ? createCommentQueue(this, key) : undefined;

    const functions = new Functions({
      stack: this,
      config,
      types,
      relayId: relayIdOf(config.relay, this.account, this.region),
      key,
      signIn: new SignInSecrets(this, 'SignIn', { config, types, key }),
      records,
      alerts,
      intake,
      machines,
      tickets,
      comments,
      bundles,
      logRetentionDays,
      placement: network?.placement,
    });
    const metrics = new RelayMetrics(config.relay);
    const workflows = WORKFLOWS.map((add) =>
      add(this, { config, functions, metrics, intake, machines, tickets, comments, key, logRetentionDays }),
    );

    const schedules = new Schedules(this, 'Schedules', {
      schedules: workflows.flatMap((workflow) => workflow.schedules ?? []),
      key,
    });
    const alarms = new Alarms(this, 'Alarms', {
      alarms: [...workflows.flatMap((workflow) => workflow.alarms ?? []), ...schedules.alarms],
      topic: alerts.topic,
    });
    new Dashboard(this, 'Dashboard', {
      alarms: alarms.all,
      rows: workflows.map(({ graphs = [] }) => graphs),
      functions: functions.all,
    });

    for (const output of workflows.flatMap((workflow) => workflow.outputs ?? [])) this.#addOutput(output);
    this.#addOutput({
      name: RECORDS_OUTPUT,
      value: records.bucket.bucketName,
      description: 'Bucket with the report of every run',
    });
    if (network?.egressAddress !== undefined) {
      this.#addOutput({
        name: 'EgressAddress',
        value: network.egressAddress,
        description: 'Source address of the calls to the vault. Enter it in the API registration.',
      });
    }
  }

  #addOutput({ name, value, description }: Output): void {
    new CfnOutput(this, name, { value, description });
  }
}

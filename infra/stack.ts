import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { Alarms } from '#infra/constructs/alarms.ts';
import { AlertTopic } from '#infra/constructs/alert-topic.ts';
import { Checkouts } from '#infra/constructs/checkouts.ts';
import { Dashboard } from '#infra/constructs/dashboard.ts';
import { DeliveredSecrets } from '#infra/constructs/delivered-secrets.ts';
import { Intake } from '#infra/constructs/intake.ts';
import { RelayMetrics } from '#infra/constructs/metrics.ts';
import { Network } from '#infra/constructs/network.ts';
import { RecordsBucket } from '#infra/constructs/records-bucket.ts';
import { RelayKey } from '#infra/constructs/relay-key.ts';
import { Schedules } from '#infra/constructs/schedules.ts';
import { SyncWorkflow } from '#infra/constructs/sync-workflow.ts';
import { VaultSecrets } from '#infra/constructs/vault-secrets.ts';
import { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import type { Step } from '#infra/steps.ts';
import { intake as intakeSchema } from '#shared/config/schema/intake.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

export interface RelayStackProps extends StackProps {
  readonly config: RelayConfig;
  /** The folder with a folder for each bundled function. */
  readonly bundles: string;
}

/** One relay: what relay.yaml says, in one AWS account and region. */
export class RelayStack extends Stack {
  constructor(scope: Construct, id: string, { config, bundles, ...props }: RelayStackProps) {
    super(scope, id, {
      description: 'pam-relay: keeps secret stores in step with a privileged access vault',
      ...props,
    });
    const relayId = `${config.relay}.${this.account}.${this.region}`;
    // relay.yaml allows a part of the periods that CloudWatch knows.
    const logRetentionDays: RetentionDays = config.logRetentionDays;
    const key = new RelayKey(this, 'Key');
    const { network: networkConfig, connections } = config;
    const network =
      networkConfig && new Network(this, 'Network', { network: networkConfig, connections, key, logRetentionDays });

    const functions: WorkflowFunction[] = [];
    const step = (id: string, step: Step) => {
      const fn = new WorkflowFunction(this, id, {
        step,
        bundles,
        relay: config.relay,
        relayId,
        key,
        logRetentionDays,
        placement: network?.placement,
      });
      functions.push(fn);
      return fn;
    };
    const authenticate = step('Authenticate', 'authenticate');
    const plan = step('Plan', 'plan');
    const request = step('Request', 'request');
    const retrieve = step('Retrieve', 'retrieve');
    const checkin = step('CheckIn', 'checkin');
    const report = step('Report', 'report');
    const reap = step('Reap', 'reap');
    const shared = { authenticate, plan, request, retrieve, checkin, report };

    const { workflow: sync } = new SyncWorkflow(this, 'Sync', {
      functions: shared,
      key,
      logRetentionDays,
    });
    sync.grantListRuns(plan);
    sync.grantDescribeRuns(reap);

    const vaultSecrets = new VaultSecrets(this, 'VaultSecrets', { relay: config.relay, connections, key });
    for (const fn of [authenticate, plan, request, retrieve, checkin, reap]) vaultSecrets.grantSignIn(fn);

    const records = new RecordsBucket(this, 'Records', { key });
    records.grantRead(plan, 'runs', 'memory');
    records.grantWrite(plan, 'runs');
    records.grantRead(request, 'runs');
    records.grantRead(retrieve, 'runs');
    records.grantWrite(checkin, 'runs');
    records.grantRead(report, 'runs', 'memory');
    records.grantWrite(report, 'runs', 'memory');

    const delivered = new DeliveredSecrets(this, 'DeliveredSecrets', { config, relayId, key });
    delivered.grantList(plan);
    delivered.grantInspect(request);
    delivered.grantDeliver(retrieve);

    const hasCheckouts = Object.keys(config.checkouts).length > 0;
    const intake =
      hasCheckouts || config.intake !== undefined
        ? new Intake(this, 'Intake', {
            settings: config.intake ?? intakeSchema.parse({}),
            fn: step('IntakeQueue', 'intake-queue'),
            records,
            sync,
            key,
          })
        : undefined;
    if (intake !== undefined) {
      // For accounts that messages named it looks their secrets up instead of listing all.
      records.grantRead(plan, 'named');
      delivered.grantInspect(plan);
    }

    const checkouts = hasCheckouts
      ? new Checkouts(this, 'Checkouts', {
          shared,
          watch: step('Watch', 'watch'),
          retire: step('Retire', 'retire'),
          reap,
          vaultSecrets,
          records,
          delivered,
          key,
          logRetentionDays,
        }).workflows
      : undefined;
    if (checkouts !== undefined) intake?.admitCheckouts(checkouts);

    const alerts = new AlertTopic(this, 'Alerts', { key, emails: config.alerts.emails });
    alerts.grantPublish(report);

    const { machine, arn: machineArn } = sync;
    const { undelivered } = new Schedules(this, 'Schedules', { config, machineArn, reap, key });
    const metrics = new RelayMetrics(config.relay);
    const alarms = new Alarms(this, 'Alarms', {
      config,
      metrics,
      machine,
      checkoutMachines: checkouts === undefined ? [] : [checkouts.checkout.machine, checkouts.release.machine],
      reap,
      undelivered,
      intake,
      topic: alerts.topic,
    });
    new Dashboard(this, 'Dashboard', { config, metrics, alarms: alarms.all, functions, intake });

    this.#tell('SyncMachineArn', machineArn, 'The state machine that every sync runs in');
    this.#tell('RecordsBucketName', records.bucket.bucketName, 'Where the report of every run lies');
    const [firstSync] = Object.keys(config.syncs);
    if (firstSync !== undefined) this.#tell('StartCommand', startCommand(machineArn, firstSync), 'Starts a sync now');
    if (intake !== undefined) this.#tell('IntakeQueueUrl', intake.queue.queueUrl, 'Where messages are sent to');
    if (network?.egressAddress !== undefined) {
      this.#tell(
        'EgressAddress',
        network.egressAddress,
        'The address that the vault sees: put it into the API registration',
      );
    }
  }

  #tell(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}

const startCommand = (machineArn: string, sync: string): string =>
  `aws stepfunctions start-execution --state-machine-arn ${machineArn} --name "${sync}.$(date -u +%Y%m%dT%H%M%SZ)" --input '{"sync":"${sync}"}'`;

import type { Stack } from 'aws-cdk-lib';
import type { SignInSecrets } from '#infra/connections/sign-in-secrets.ts';
import type { AlertTopic } from '#infra/constructs/alert-topic.ts';
import type { RecordsBucket } from '#infra/constructs/records-bucket.ts';
import { type RelayKey, viaService } from '#infra/constructs/relay-key.ts';
import { secretNamed } from '#infra/constructs/secret-arns.ts';
import type { Intake } from '#infra/triggers/intake.ts';
import type { Machines } from '#infra/triggers/machines.ts';
import type { SentQueue } from '#infra/triggers/queue-pair.ts';
import { machineArn, runPermissions } from '#infra/workflows/machine.ts';
import { findSource, ownOf } from '#shared/config/checkable.ts';
import { initialSecretsOf } from '#shared/config/initial-secrets.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { ticketSecretsOf, webhookSecretsOf } from '#shared/config/webhook-secrets.ts';
import type { Source } from '#shared/connections/vault.ts';
import { type Grant, type Permission, sessionMark, type Variable, variableOf } from '#shared/workflows/grants.ts';
import { mergePermissions, readPermissions, storePermissions } from '#shared/workflows/permissions.ts';
import { LONGEST, planPolicies, type RolePolicies } from '#shared/workflows/role-policies.ts';

/** The parts of a relay that grants refer to. */
export interface Grantable {
  readonly stack: Stack;
  readonly config: RelayConfig;
  readonly types: RegisteredTypes;
  readonly relayId: string;
  readonly key: RelayKey;
  readonly signIn: SignInSecrets;
  readonly records: RecordsBucket;
  readonly alerts: AlertTopic;
  /** Undefined if the relay accepts no messages. */
  readonly intake: Intake | undefined;
  /** Undefined if no blueprint has machines as subjects. */
  readonly machines: Machines | undefined;
  /** Undefined if the relay receives no webhooks. */
  readonly tickets: SentQueue | undefined;
  /** Undefined if no webhook writes comments. */
  readonly comments: SentQueue | undefined;
}

/** The grants of a step, resolved to AWS. */
export interface Resolved {
  readonly policies: Pick<RolePolicies, 'inline' | 'managed'>;
  readonly variables: ReadonlyMap<Variable, string>;
}

/**
 * Resolves the grants of a step to policies without duplicate permissions, and to the environment variables that belong
 * to them.
 */
export const resolveGrants = (grants: readonly Grant[], relay: Grantable): Resolved => ({
  policies: policiesFor(grants, relay),
  variables: new Map(
    grants
      .map(variableOf)
      .filter((variable) => variable !== undefined)
      .map((variable) => [variable, variableValue(variable, relay)]),
  ),
});

/** The permissions whose number does not grow with relay.yaml have reserved room in the inline policy. */
const policiesFor = (grants: readonly Grant[], relay: Grantable): Resolved['policies'] => {
  const fixed = grants.flatMap((grant) => fixedPermissions(grant, relay));
  const growing = mergePermissions(grants.flatMap((grant) => growingPermissions(grant, relay, sessionMark(grants))));
  const { inline, managed } = planPolicies(growing, deployedLength);
  return { inline: mergePermissions([...fixed, ...inline]), managed };
};

/** Lengths of the longest values of tokens. Any other token is an ARN. */
const TOKEN_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['AWS.Partition', LONGEST.partition.length],
  ['AWS.Region', LONGEST.region.length],
  ['AWS.AccountId', LONGEST.account.length],
]);

/** Length of a text after its deployment. CDK writes a token as `${Token[NAME.NUMBER]}`. */
const deployedLength = (text: string): number =>
  text.replaceAll(/\$\{Token\[([\w.]+)\.\d+\]\}/g, (_, name: string) =>
    ' '.repeat(TOKEN_LENGTHS.get(name) ?? LONGEST.arn.length),
  ).length;

const growingPermissions = (grant: Grant, relay: Grantable, session: string): readonly Permission[] => {
  const { stack, config, types, relayId, key } = relay;
  const { partition, region, account } = stack;
  switch (grant.to) {
    case 'sign-in':
      return relay.signIn.permissions(grant.of ?? 'reading');
    case 'initial-passwords':
      return readPermissions(initialSecretsOf(config).map((secret) => secretNamed(stack, secret)));
    case 'directory-sources':
      return sourcePermissions(config, stack);
    case 'webhook-keys':
      return readPermissions(webhookSecretsOf(config).map((secret) => secretNamed(stack, secret)));
    case 'ticket-systems':
      return readPermissions(ticketSecretsOf(config).map((secret) => secretNamed(stack, secret)));
    case 'stores':
      return storePermissions(grant, config, types, {
        owners: `${relayId}/*`,
        session,
        encryptionKey: key.keyArn,
        partition,
        region,
        account,
      });
    default:
      return [];
  }
};

const fixedPermissions = (grant: Grant, relay: Grantable): readonly Permission[] => {
  switch (grant.to) {
    case 'sign-in':
      return [...relay.signIn.keyUse(grant.of ?? 'reading'), ...limitPermissions(relay)];
    case 'records':
      return 'of' in grant && !isNeeded(grant.of, relay) ? [] : relay.records.permissionsFor(grant);
    case 'stores':
    case 'directory-sources':
    case 'initial-passwords':
    case 'webhook-keys':
    case 'ticket-systems':
      return [];
    case 'runs':
      return runPermissions(relay.key, grant);
    case 'alerts':
      return relay.alerts.permissions();
    case 'messages':
      return intakeOf(relay).permissions();
    case 'machine-events':
      return machinesOf(relay).permissions();
    case 'ticket-states':
      return grant.may === 'send' ? ticketsOf(relay).sending() : ticketsOf(relay).permissions();
    case 'ticket-comments':
      return grant.may === 'send' ? commentsOf(relay).sending() : commentsOf(relay).permissions();
    case 'machines':
      return [DESCRIBE_MACHINES];
  }
};

type Condition = Extract<Grant, { readonly to: 'records'; readonly folder: unknown }>['of'];

const isNeeded = (of: Condition, relay: Grantable): boolean => {
  const { syncs, checkouts } = relay.config;
  switch (of) {
    case undefined:
      return true;
    case 'turns':
      return takesTurns(relay);
    case 'claiming syncs':
      return anyClaims(Object.values(syncs), relay);
    case 'claiming checkouts':
      return anyClaims(Object.values(checkouts), relay);
    case 'claiming connections':
      return anyCanClaim(relay);
  }
};

/** True if reading opens a lease in the vault of one of the rules, so that a claim has to show whose lease it is. */
const anyClaims = (rules: readonly Source[], { types }: Grantable): boolean =>
  rules.some((rule) => findSource(types, rule.source)?.rules(rule).accessKind === 'opening-reads');

/** True if rules over one of the connections could open such leases. */
const anyCanClaim = ({ config, types }: Grantable): boolean =>
  Object.values(config.connections).some(({ type }) =>
    Object.entries(ownOf(types.connections, type)?.sources ?? {}).some(
      ([source, { rules }]) => rules({ source }).accessKind === 'opening-reads',
    ),
  );

/** True if a sync delivers items whose accounts take turns. */
const takesTurns = ({ config, types }: Grantable): boolean =>
  Object.values(config.syncs).some((sync) => findSource(types, sync.source)?.rules(sync).inTurns === true);

/** The relay reads each object that declares people, and nothing else in its bucket. */
const sourcePermissions = ({ directories }: RelayConfig, stack: Stack): readonly Permission[] =>
  Object.values(directories).flatMap(({ source }) =>
    source === undefined
      ? []
      : [
          { actions: ['s3:GetObject'], resources: [`arn:${stack.partition}:s3:::${source.bucket}/${source.key}`] },
          ...(source.kmsKey === undefined
            ? []
            : [{ actions: ['kms:Decrypt'], resources: [source.kmsKey], conditions: viaService(stack, 's3') }]),
        ],
  );

/** Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2". */
const DESCRIBE_MACHINES: Permission = {
  actions: ['ec2:DescribeInstances'],
  resources: ['*'],
  pattern: 'EC2 does not support resource-level permissions for the description of instances.',
};

/** Records of the limits that all functions share. */
const limitPermissions = ({ records }: Grantable): readonly Permission[] =>
  (['read', 'write'] as const).flatMap((may) => records.permissionsFor({ to: 'records', may, folder: 'limits' }));

const variableValue = (variable: Variable, relay: Grantable): string => {
  switch (variable) {
    case 'RECORDS_BUCKET':
      return relay.records.bucket.bucketName;
    case 'STORE_KEY_ARN':
      return relay.key.keyArn;
    case 'ALERT_TOPIC_ARN':
      return relay.alerts.topic.topicArn;
    case 'REFUSED_QUEUE_URL':
      return intakeOf(relay).refused.queueUrl;
    case 'REFUSED_MACHINES_URL':
      return machinesOf(relay).refused.queueUrl;
    case 'TICKETS_QUEUE_URL':
      return ticketsOf(relay).queue.queueUrl;
    case 'REFUSED_TICKETS_URL':
      return ticketsOf(relay).refused.queueUrl;
    case 'COMMENTS_QUEUE_URL':
      return commentsOf(relay).queue.queueUrl;
    case 'REFUSED_COMMENTS_URL':
      return commentsOf(relay).refused.queueUrl;
    case 'SYNC_MACHINE_ARN':
      return machineArn(relay.stack, 'sync');
    case 'CHECKOUT_MACHINE_ARN':
      return machineArn(relay.stack, 'checkout');
    case 'RELEASE_MACHINE_ARN':
      return machineArn(relay.stack, 'release');
    case 'PROVISION_MACHINE_ARN':
      return machineArn(relay.stack, 'provision');
    case 'DRIFT_MACHINE_ARN':
      return machineArn(relay.stack, 'drift');
    case 'ROTATE_MACHINE_ARN':
      return machineArn(relay.stack, 'rotate');
    case 'EXPORT_MACHINE_ARN':
      return machineArn(relay.stack, 'export');
    case 'DIRECTORY_MACHINE_ARN':
      return machineArn(relay.stack, 'directory');
  }
};

const intakeOf = ({ intake }: Grantable): Intake => {
  if (intake === undefined) throw new Error('A function handles messages, but the relay accepts none.');
  return intake;
};

const ticketsOf = ({ tickets }: Grantable): SentQueue => {
  if (tickets === undefined) throw new Error('A function handles tickets, but the relay receives no webhooks.');
  return tickets;
};

const commentsOf = ({ comments }: Grantable): SentQueue => {
  if (comments === undefined) throw new Error('A function handles comments, but no webhook writes any.');
  return comments;
};

const machinesOf = ({ machines }: Grantable): Machines => {
  if (machines === undefined) throw new Error('A function handles events about machines, but no blueprint has any.');
  return machines;
};

import { type ConnectionUse, connectionsFor } from '#shared/config/connection-uses.ts';
import { egressPorts } from '#shared/config/egress-ports.ts';
import { initialSecretsOf } from '#shared/config/initial-secrets.ts';
import type { Problem } from '#shared/config/problem.ts';
import { connectionTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { ticketSecretsOf, webhookSecretsOf } from '#shared/config/webhook-secrets.ts';
import { operatorSecretsOf } from '#shared/connections/operator-secrets.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { tokenSecretName } from '#shared/names.ts';
import { type Grant, type Permission, sessionMark } from '#shared/workflows/grants.ts';
import { takesMessages } from '#shared/workflows/intake.ts';
import {
  mergePermissions,
  readPermissions,
  signInPermissions,
  storePermissions,
} from '#shared/workflows/permissions.ts';
import {
  LONGEST,
  MAX_ATTACHED,
  MAX_MANAGED,
  planPolicies,
  type RolePolicies,
} from '#shared/workflows/role-policies.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';
import { writesComments } from '#shared/workflows/tickets.ts';

/** Checks that a stack for the configuration fits into the limits of AWS. Pure. */

/** Source: CloudFormation user guide, "Understand CloudFormation quotas". */
export const MAX_RESOURCES = 500;
export const MAX_TEMPLATE_BYTES = 1_000_000;

/** Source: Amazon SQS developer guide, "Amazon SQS policy quotas". */
const MAX_POLICY_BYTES = 8192;
const MAX_PRINCIPALS = 50;
/** The statement that permits only TLS, and the remainder of the statement for senders. */
const OTHER_POLICY_BYTES = 600;

/** Source: Amazon VPC user guide, "Amazon VPC quotas". */
const MAX_EGRESS_RULES = 60;

const SPLIT = 'split relay.yaml into two files, each with its own relay name and stack';

/** Resources and template bytes that each part of a configuration adds; tests compare them with synthesised stacks. */
const COSTS = {
  relay: { resources: 46, bytes: 58_000 },
  fixedEgress: { resources: 27, bytes: 15_000 },
  existingNetwork: { resources: 1, bytes: 8000 },
  intake: { resources: 11, bytes: 12_000 },
  checkouts: { resources: 35, bytes: 70_000 },
  sync: { resources: 3, bytes: 5600 },
  verify: { resources: 1, bytes: 1300 },
  checkout: { resources: 1, bytes: 2600 },
  rotations: { resources: 20, bytes: 33_000 },
  rotation: { resources: 0, bytes: 1300 },
  rotationSchedule: { resources: 1, bytes: 1300 },
  ages: { resources: 4, bytes: 7000 },
  age: { resources: 3, bytes: 2600 },
  oldCheckouts: { resources: 4, bytes: 7000 },
  oldCheckoutsRule: { resources: 3, bytes: 2600 },
  exports: { resources: 12, bytes: 30_000 },
  exportRule: { resources: 4, bytes: 5500 },
  directories: { resources: 20, bytes: 33_000 },
  directory: { resources: 2, bytes: 2900 },
  directoryMessages: { resources: 2, bytes: 2700 },
  directoryDrift: { resources: 2, bytes: 2700 },
  provisioning: { resources: 28, bytes: 46_000 },
  blueprint: { resources: 2, bytes: 2900 },
  drift: { resources: 1, bytes: 1500 },
  machines: { resources: 12, bytes: 12_000 },
  webhooks: { resources: 25, bytes: 27_500 },
  webhook: { resources: 3, bytes: 2600 },
  comments: { resources: 12, bytes: 12_000 },
  looks: { resources: 4, bytes: 6000 },
  look: { resources: 1, bytes: 1300 },
  webhookDomain: { resources: 2, bytes: 1300 },
  connection: { resources: 3, bytes: 7000 },
  email: { resources: 1, bytes: 500 },
} as const;

type Cost = (typeof COSTS)[keyof typeof COSTS];

/** Connections, rules and settings of a configuration, each with its cost. */
const costsOf = (config: RelayConfig): Cost[] => {
  const {
    network,
    syncs,
    checkouts,
    rotations,
    oldCheckouts,
    exports,
    directories,
    provisioning,
    webhooks,
    webhookDomain,
    connections,
    alerts,
  } = config;
  const each = (cost: Cost, entries: object): Cost[] => Object.keys(entries).map(() => cost);
  const blueprints = Object.values(provisioning);
  const compared = blueprints.filter(({ drift }) => drift !== undefined);
  const looks = Object.values(webhooks).filter(({ looksEveryMinutes }) => looksEveryMinutes !== undefined);
  const scheduled = Object.values(rotations).filter(({ schedule }) => schedule !== undefined);
  const watched = Object.values(rotations).filter(({ maxAgeDays }) => maxAgeDays !== undefined);
  const verified = Object.values(syncs).filter(({ verify }) => verify !== undefined);
  return [
    COSTS.relay,
    ...(network === undefined ? [] : [network.type === 'existing' ? COSTS.existingNetwork : COSTS.fixedEgress]),
    ...(takesMessages(config) ? [COSTS.intake] : []),
    ...(Object.keys(checkouts).length > 0 ? [COSTS.checkouts] : []),
    ...(Object.keys(rotations).length > 0 ? [COSTS.rotations] : []),
    ...each(COSTS.rotation, rotations),
    ...scheduled.map(() => COSTS.rotationSchedule),
    ...(watched.length > 0 ? [COSTS.ages] : []),
    ...watched.map(() => COSTS.age),
    ...(Object.keys(oldCheckouts).length > 0 ? [COSTS.oldCheckouts] : []),
    ...each(COSTS.oldCheckoutsRule, oldCheckouts),
    ...(Object.keys(exports).length > 0 ? [COSTS.exports] : []),
    ...each(COSTS.exportRule, exports),
    ...(Object.keys(directories).length > 0 ? [COSTS.directories] : []),
    ...each(COSTS.directory, directories),
    ...Object.values(directories).flatMap(({ messages }) => (messages === undefined ? [] : [COSTS.directoryMessages])),
    ...Object.values(directories).flatMap(({ drift }) => (drift === undefined ? [] : [COSTS.directoryDrift])),
    ...(blueprints.length > 0 ? [COSTS.provisioning] : []),
    ...(blueprints.some(({ ec2 }) => ec2 !== undefined) ? [COSTS.machines] : []),
    ...(Object.keys(webhooks).length > 0 ? [COSTS.webhooks] : []),
    ...each(COSTS.webhook, webhooks),
    ...(writesComments(config) ? [COSTS.comments] : []),
    ...(looks.length > 0 ? [COSTS.looks] : []),
    ...looks.map(() => COSTS.look),
    ...(webhookDomain === undefined ? [] : [COSTS.webhookDomain]),
    ...each(COSTS.blueprint, provisioning),
    ...each(COSTS.drift, compared),
    ...each(COSTS.sync, syncs),
    ...each(COSTS.verify, verified),
    ...each(COSTS.checkout, checkouts),
    ...each(COSTS.connection, connections),
    ...each(COSTS.email, alerts.emails),
  ];
};

/**
 * Template bytes of each character of a rule's folder, of a secret's name, or of the settings of a store. Several
 * policies contain them.
 */
const MENTIONS = 12;

const asJson = (value: unknown): string => JSON.stringify(value);

/** Resources and bytes of the template, rounded up. Pure. */
export const estimateTemplate = (
  config: RelayConfig,
  types: RegisteredTypes,
): { readonly resources: number; readonly bytes: number } => {
  const costs = costsOf(config);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const folders = Object.values({ ...config.syncs, ...config.checkouts }).map((rule) => staticPrefix(rule.name));
  const operators = USES.flatMap((use) => signInNames(config, types, use).operators);
  const mentioned = [...folders, ...operators, ...Object.values(config.stores).map(asJson)];
  const policies = rolesOf(config, types).map(({ policies: { managed } }) => managed.length);
  return {
    resources: sum(costs.map(({ resources }) => resources)) + sum(policies),
    bytes: sum(costs.map(({ bytes }) => bytes)) + MENTIONS * sum(mentioned.map((text) => text.length)),
  };
};

const USES: readonly ConnectionUse[] = ['reading', 'provisioning', 'comparing'];

/** Names of the secrets for signing in: those of the operators, and those of the caches. */
const signInNames = (config: RelayConfig, types: RegisteredTypes, use: ConnectionUse) => {
  const names = connectionsFor(config, types, use);
  const used = Object.entries(config.connections).filter(([name]) => names.includes(name));
  const entries = used.map(([name, settings]) => ({
    name,
    settings,
    type: connectionTypeOf(types, settings),
  }));
  return {
    operators: entries.flatMap(({ type, settings }) => operatorSecretsOf(type, settings).map(({ secret }) => secret)),
    caches: entries
      .filter(({ type, settings }) => type.sharesToken(settings))
      .map(({ name }) => tokenSecretName(config.relay, name)),
  };
};

/** A role, and the policies with the permissions whose number grows with the configuration. */
interface SizedRole {
  readonly step: Step;
  readonly policies: RolePolicies;
}

const rolesOf = (config: RelayConfig, types: RegisteredTypes): SizedRole[] => {
  const { partition, region, account, arn } = LONGEST;
  const secretArn = (name: string) => `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-??????`;
  const owners = `${config.relay}.${account}.${region}/*`;
  const scope = { owners, encryptionKey: arn, partition, region, account };
  const permissionsFor = (grant: Grant, session: string): readonly Permission[] => {
    switch (grant.to) {
      case 'sign-in': {
        const { operators, caches } = signInNames(config, types, grant.of ?? 'reading');
        return signInPermissions(
          [...new Set(operators)].map(secretArn),
          // Tokens of CDK have one length, whatever their name.
          caches.map((name) => `${name}${arn}`.slice(0, arn.length)),
        );
      }
      case 'initial-passwords':
        return readPermissions(initialSecretsOf(config).map(secretArn));
      case 'webhook-keys':
        return readPermissions(webhookSecretsOf(config).map(secretArn));
      case 'ticket-systems':
        return readPermissions(ticketSecretsOf(config).map(secretArn));
      case 'stores':
        return storePermissions(grant, config, types, { ...scope, session });
      default:
        return [];
    }
  };
  return stepsFor(config).map((step) => {
    const grants = step.grants(config);
    const growing = grants.flatMap((grant) => permissionsFor(grant, sessionMark(grants)));
    return { step, policies: planPolicies(mergePermissions(growing)) };
  });
};

const checkRoles = (config: RelayConfig, types: RegisteredTypes): Problem[] => {
  const longest = rolesOf(config, types)
    .filter(({ policies }) => !policies.areAccepted)
    .toSorted((one, other) => other.policies.managed.length - one.policies.managed.length)[0];
  if (longest === undefined) return [];
  const { step, policies } = longest;
  const characters =
    policies.managed.length > MAX_ATTACHED ? `${policies.managed.length} managed policies` : 'a statement';
  return [
    {
      path: [],
      message: `the role of the function ${functionName(step)} needs ${characters}, and AWS accepts at most ${MAX_ATTACHED} of ${MAX_MANAGED} characters; use shorter folders in name, fewer tags of stores, or ${SPLIT}`,
    },
  ];
};

const checkTemplate = (config: RelayConfig, types: RegisteredTypes): Problem[] => {
  const { resources, bytes } = estimateTemplate(config, types);
  const numberOf = (count: number): string => count.toLocaleString('en-US');
  return [
    ...(resources > MAX_RESOURCES
      ? [`the stack needs ${numberOf(resources)} resources, and CloudFormation accepts at most ${MAX_RESOURCES}`]
      : []),
    ...(bytes > MAX_TEMPLATE_BYTES
      ? [
          `the template of the stack has up to ${numberOf(bytes)} bytes, and CloudFormation accepts at most ${numberOf(MAX_TEMPLATE_BYTES)}`,
        ]
      : []),
  ].map((message) => ({ path: [], message: `${message}; ${SPLIT}` }));
};

const checkSenders = ({ intake }: RelayConfig): Problem[] => {
  const roles = intake?.senders.map(({ role }) => role) ?? [];
  const bytes = OTHER_POLICY_BYTES + JSON.stringify(roles).length;
  if (roles.length <= MAX_PRINCIPALS && bytes <= MAX_POLICY_BYTES) return [];
  const message = `has ${roles.length} roles in ${bytes} bytes of the queue's policy, and SQS accepts at most ${MAX_PRINCIPALS} in ${MAX_POLICY_BYTES}; let several senders use one role`;
  return [{ path: ['intake', 'senders'], message }];
};

const checkPorts = (config: RelayConfig): Problem[] => {
  const ports = egressPorts(config);
  if (config.network === undefined || ports.length <= MAX_EGRESS_RULES) return [];
  const message = `have ${ports.length} different ports, and a security group accepts at most ${MAX_EGRESS_RULES} rules; use fewer ports, or ${SPLIT}`;
  return [{ path: ['connections'], message }];
};

/** Checks a configuration that is valid otherwise. */
export const checkSizes = (config: RelayConfig, types: RegisteredTypes): Problem[] => [
  ...checkTemplate(config, types),
  ...checkRoles(config, types),
  ...checkSenders(config),
  ...checkPorts(config),
];

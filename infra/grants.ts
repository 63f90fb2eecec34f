import type { Stack } from 'aws-cdk-lib';
import type { SignInSecrets } from '#infra/connections/sign-in-secrets.ts';
import type { AlertTopic } from '#infra/constructs/alert-topic.ts';
import type { RecordsBucket } from '#infra/constructs/records-bucket.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { storeTypeOf } from '#infra/registered.ts';
import type { Intake } from '#infra/triggers/intake.ts';
import { machineArn, runPermissions } from '#infra/workflows/machine.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { type Grant, type Permission, type Variable, variableOf } from '#shared/workflows/grants.ts';

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
}

/** The grants of a step, resolved to AWS. */
export interface Resolved {
  readonly permissions: readonly Permission[];
  readonly variables: ReadonlyMap<Variable, string>;
}

/**
 * Resolves the grants of a step to permissions without duplicates, and to the environment variables that belong to
 * them.
 */
export const resolveGrants = (grants: readonly Grant[], relay: Grantable): Resolved => ({
  permissions: mergePermissions(grants.flatMap((grant) => permissionsFor(grant, relay))),
  variables: new Map(
    grants
      .map(variableOf)
      .filter((variable) => variable !== undefined)
      .map((variable) => [variable, variableValue(variable, relay)]),
  ),
});

const permissionsFor = (grant: Grant, relay: Grantable): readonly Permission[] => {
  switch (grant.to) {
    case 'sign-in':
      return [...relay.signIn.permissions(), ...limitPermissions(relay)];
    case 'records':
      return relay.records.permissionsFor(grant);
    case 'stores':
      return storePermissions(grant, relay);
    case 'runs':
      return runPermissions(relay.key, grant);
    case 'alerts':
      return relay.alerts.permissions();
    case 'messages':
      return intakeOf(relay).permissions();
  }
};

/** Records of the limits that all functions share. */
const limitPermissions = ({ records }: Grantable): readonly Permission[] =>
  (['read', 'write'] as const).flatMap((may) => records.permissionsFor({ to: 'records', may, folder: 'limits' }));

/** The permissions that each store's type needs for the names in the rules that deliver to it. */
const storePermissions = (
  { may, of }: Extract<Grant, { readonly to: 'stores' }>,
  { stack, config, types, relayId, key }: Grantable,
): readonly Permission[] => {
  const { partition, region, account } = stack;
  const rules = Object.values(config[of]);
  return Object.entries(config.stores).flatMap(([name, settings]) => {
    // The loader rejects names without a fixed folder, and rules with overlapping folders.
    const prefixes = rules.filter(({ store }) => store === name).map((rule) => staticPrefix(rule.name));
    if (prefixes.length === 0) return [];
    return storeTypeOf(types, settings).grants(settings, may, {
      prefixes,
      owners: `${relayId}/*`,
      encryptionKey: key.keyArn,
      partition,
      region,
      account,
    });
  });
};

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
    case 'SYNC_MACHINE_ARN':
      return machineArn(relay.stack, 'sync');
    case 'CHECKOUT_MACHINE_ARN':
      return machineArn(relay.stack, 'checkout');
    case 'RELEASE_MACHINE_ARN':
      return machineArn(relay.stack, 'release');
  }
};

const intakeOf = ({ intake }: Grantable): Intake => {
  if (intake === undefined) throw new Error('A function handles messages, but the relay accepts none.');
  return intake;
};

/** Merges permissions with the same actions and conditions into one statement. */
export const mergePermissions = (permissions: readonly Permission[]): readonly Permission[] => {
  const merged = new Map<string, Permission>();
  for (const permission of permissions) {
    const { resources, ...same } = permission;
    const key = JSON.stringify([same.actions, same.conditions, same.pattern]);
    const known = merged.get(key)?.resources ?? [];
    merged.set(key, { ...same, resources: [...new Set([...known, ...resources])] });
  }
  return [...merged.values()];
};

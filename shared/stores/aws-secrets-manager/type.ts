import { RelayError } from '#shared/errors.ts';
import { permissionsFor } from '#shared/stores/aws-secrets-manager/grants.ts';
import { createPacedClient } from '#shared/stores/aws-secrets-manager/paced-client.ts';
import { clientAt, placeOf, sessionName } from '#shared/stores/aws-secrets-manager/place.ts';
import { roleToAssume } from '#shared/stores/aws-secrets-manager/role.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import {
  type AwsSecretsManagerSettings,
  accountOfRole,
  awsSecretsManagerSettings,
  replicaRegionsOf,
} from '#shared/stores/aws-secrets-manager/settings.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { StackPlace, StoreScope, StoreType, StoreUse } from '#shared/stores/store.ts';
import type { Permission } from '#shared/workflows/grants.ts';

/**
 * Permissions in the account of the secrets. Secrets delivered before relay.yaml named a key are still encrypted with
 * the key of the stack, which no other account or region uses.
 */
const permissionsAt = (
  settings: AwsSecretsManagerSettings,
  use: StoreUse,
  scope: Omit<StoreScope, 'session'>,
): readonly Permission[] => {
  const own = placeOf(settings) === undefined ? [scope.encryptionKey] : [];
  const keys = [...new Set([...own, ...(settings.kmsKeyArn === undefined ? [] : [settings.kmsKeyArn])])];
  const region = settings.region ?? scope.region;
  return permissionsFor(use, { keys, tags: settings.tags, replicas: replicaRegionsOf(settings) }, { ...scope, region });
};

/** AWS Secrets Manager, in the account and region of the stack or in others. */
export const awsSecretsManager: StoreType<typeof awsSecretsManagerSettings> = {
  settings: awsSecretsManagerSettings,
  rules: awsSecretsManagerRules,
  place: placeOf,
  replicaPlaces: (settings) =>
    replicaRegionsOf(settings).map(({ region }) => placeOf({ roleArn: settings.roleArn, region })),
  checkStack: (settings, stack) => checkStack(settings, stack),
  // A new secret is one call (create), a changed one is two (put, promote).
  pacing: ({ writesPerSecond }) =>
    writesPerSecond === 'unlimited' ? undefined : { perSecond: writesPerSecond, create: 1, replace: 2 },
  connect: (settings, { owner, session, encryptionKey, ...call }) => {
    const relayId = owner.split('/')[0] ?? owner;
    const [, account, region] = relayId.split('.');
    checkStack(settings, { account, region });
    const { kmsKeyArn, tags } = settings;
    const clientIn = (replicaRegion: string) =>
      createPacedClient(clientAt({ ...settings, region: replicaRegion }, relayId, session), {
        ...call,
        pace: undefined,
      });
    return createAwsSecretsManagerStore({
      client: createPacedClient(clientAt(settings, relayId, session), call),
      owner,
      tags,
      kmsKeyArn: kmsKeyArn ?? (placeOf(settings) === undefined ? encryptionKey : undefined),
      replicas: { regions: replicaRegionsOf(settings), clientIn },
    });
  },
  role: (settings, scope, of) => roleToAssume(settings, scope, of, permissionsAt),
  grants: (settings, use, scope) => {
    const { roleArn } = settings;
    if (roleArn === undefined) return permissionsAt(settings, use, scope);
    // The role in the other account has the permissions. `pam-relay role` prints them.
    if (scope.prefixes.length === 0) return [];
    const name = sessionName(scope.session, scope.owners.replace(/\/\*$/, ''));
    const conditions = { StringEquals: { 'sts:RoleSessionName': name } };
    return [{ actions: ['sts:AssumeRole'], resources: [roleArn], conditions }];
  },
};

/**
 * Refuses another spelling of the stack's own account or region, which the loader does not know: two entries for one
 * place would keep two paces, and their folders would not be compared.
 */
const checkStack = ({ roleArn, region, replicaRegions }: AwsSecretsManagerSettings, stack: StackPlace): void => {
  const problem = (message: string): RelayError =>
    new RelayError('ConfigurationInvalid', `A store of type aws-secrets-manager in relay.yaml: ${message}`);
  if (roleArn !== undefined && accountOfRole(roleArn) === stack.account) {
    throw problem(`roleArn ${roleArn} is a role of the account of the stack. Remove roleArn and externalId.`);
  }
  if (region !== undefined && region === stack.region) {
    throw problem(`region ${region} is the region of the stack. Remove it.`);
  }
  const own = region ?? stack.region;
  if (own !== undefined && replicaRegionsOf({ replicaRegions }).some((one) => one.region === own)) {
    throw problem(`replicaRegions contains ${own}, the region of the store itself. Remove it.`);
  }
};

import { trustedRoles } from '#shared/stores/aws-secrets-manager/place.ts';
import { type AwsSecretsManagerSettings, accountOfRole } from '#shared/stores/aws-secrets-manager/settings.ts';
import type { RoleScope, RoleToAssume, StoreScope, StoreUse } from '#shared/stores/store.ts';
import { type DeliveredBy, type Permission, sessionPattern } from '#shared/workflows/grants.ts';

const USES: readonly StoreUse[] = ['list', 'inspect', 'complete', 'deliver', 'retire'];

type PermissionsOf = (
  settings: AwsSecretsManagerSettings,
  use: StoreUse,
  scope: Omit<StoreScope, 'session'>,
) => readonly Permission[];

/**
 * The role in the other account. It trusts the functions of one relay that know the external id. Each permission holds
 * only for sessions of the functions that have the same permission in the account of the stack: the name of a session
 * shows the uses of its function, and the function's own role allows no other name.
 */
export const roleToAssume = (
  settings: AwsSecretsManagerSettings,
  scope: RoleScope,
  of: DeliveredBy,
  permissionsOf: PermissionsOf,
): RoleToAssume | undefined => {
  const { roleArn, externalId } = settings;
  if (roleArn === undefined || externalId === undefined) return undefined;
  const relayId = scope.owners.replace(/\/\*$/, '');
  const [relay = ''] = relayId.split('.');
  const there = { ...scope, encryptionKey: '', account: accountOfRole(roleArn) };
  return {
    arn: roleArn,
    externalId,
    trustedAccount: scope.account,
    trustedRoles: trustedRoles(relay, scope.account, scope.partition),
    permissions: USES.flatMap((use) =>
      permissionsOf(settings, use, there).map((permission) =>
        forSessions(permission, `*:${sessionPattern(of, use)}.${relayId}`),
      ),
    ),
  };
};

/** `aws:userid` of a session is the id of its role, a colon, and the name of the session. */
const forSessions = (permission: Permission, userId: string): Permission => ({
  ...permission,
  conditions: {
    ...permission.conditions,
    StringLike: { ...permission.conditions?.['StringLike'], 'aws:userid': userId },
  },
});

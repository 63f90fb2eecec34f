import { trustedRoles } from '#shared/stores/aws-secrets-manager/place.ts';
import { type AwsSecretsManagerSettings, accountOfRole } from '#shared/stores/aws-secrets-manager/settings.ts';
import type { RoleToAssume, StoreScope, StoreUse } from '#shared/stores/store.ts';
import type { Permission } from '#shared/workflows/grants.ts';

/** Delivering includes inspecting and completing. */
const USES: readonly StoreUse[] = ['list', 'deliver', 'retire'];

/**
 * The role in the other account: it trusts the functions of one relay that know the external id, and has the same
 * permissions that the functions have in their own account.
 */
export const roleToAssume = (
  settings: AwsSecretsManagerSettings,
  scope: StoreScope,
  permissionsOf: (settings: AwsSecretsManagerSettings, use: StoreUse, scope: StoreScope) => readonly Permission[],
): RoleToAssume | undefined => {
  const { roleArn, externalId } = settings;
  if (roleArn === undefined || externalId === undefined) return undefined;
  const [relay = ''] = scope.owners.split('.');
  const there = { ...scope, account: accountOfRole(roleArn) };
  return {
    arn: roleArn,
    externalId,
    trustedAccount: scope.account,
    trustedRoles: trustedRoles(relay, scope.account, scope.partition),
    permissions: USES.flatMap((use) => permissionsOf(settings, use, there)),
  };
};

import { TYPE_RULES } from './account-types.ts';
import type { KnownApiAccount } from './api-accounts.ts';
import { publicKeyOf } from './credentials.ts';
import type { SimulatedPerson } from './people.ts';
import { formatTime } from './replies.ts';
import type { Switches } from './switches.ts';
import type { VaultGroup, VaultPolicy } from './vault.ts';
import type { VaultAccount } from './vault-account.ts';

type Row = Readonly<Record<string, unknown>>;

const odd = (switches: Switches, name: string, row: Row): Row => ({ ...row, ...switches.oddRows[name] });

const commonFields = ({ id, type, settings, isPersonal, ownerUserId }: VaultAccount): Row => ({
  id,
  type,
  name: settings.name,
  description: settings.description,
  personal: isPersonal,
  ...(isPersonal ? { owner_user_id: ownerUserId } : {}),
  ...(settings.groupId === null ? {} : { account_group_id: settings.groupId }),
  account_policy: settings.policy,
});

const fieldsOfType = ({ id, type, settings: { name, userName }, endpointId, canary }: VaultAccount): Row => {
  switch (type) {
    case 'ssh':
    case 'ssh_ca':
      return { public_key: publicKeyOf(canary), private_key_public_cert: null };
    case 'windows_local':
      return { sid: `S-1-5-21-1-2-3-${id}`, endpoint_id: endpointId };
    case 'windows_domain':
      return {
        is_management: false,
        unique_id: `unique-${id}`,
        distinguished_name: `CN=${userName},DC=corp,DC=example`,
        sam_account_name: userName,
        service_principal_name: null,
        azure_ad_object_id: null,
      };
    case 'aws_secret':
      return {
        arn: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${id}`,
        aws_organization_id: 'o-simulated',
        tags: [{ Key: 'name', Value: name }],
      };
    case 'x509_ca':
      return { x509_cert: `simulated certificate ${id}` };
    default:
      return {};
  }
};

/** An account with the fields of its type. Never its credential. */
export const accountRow = (account: VaultAccount, switches: Switches): Row => {
  const { id, type, settings, isPersonal, lastCheckOutAt } = account;
  return odd(switches, `account ${id}`, {
    ...commonFields(account),
    ...(TYPE_RULES[type].hasUserName ? { username: settings.userName } : {}),
    ...fieldsOfType(account),
    ...(isPersonal || type === 'x509_ca'
      ? {}
      : { last_checkout_timestamp: formatTime(lastCheckOutAt, switches.timestamps) }),
  });
};

/** An account in a list. */
export const listedRow = (account: VaultAccount, switches: Switches): Row =>
  switches.listedFields === 'all'
    ? accountRow(account, switches)
    : odd(switches, `account ${account.id}`, commonFields(account));

export const groupRow = ({ id, name, description, policy }: VaultGroup, switches: Switches): Row =>
  odd(switches, `group ${id}`, { id, name, description, account_policy: policy });

export const policyRow = (policy: VaultPolicy, switches: Switches): Row =>
  odd(switches, `policy ${policy.id}`, {
    id: policy.id,
    name: policy.name,
    code_name: policy.codeName,
    description: policy.description,
    auto_rotate_credentials: policy.autoRotates,
    allow_simultaneous_checkout: policy.allowsSimultaneous,
    scheduled_password_rotation: policy.maxAgeDays !== null,
    maximum_password_age: policy.maxAgeDays,
  });

const USER_NAME: Readonly<Record<Switches['tokenUserName'], Row>> = {
  absent: {},
  empty: { username: '' },
  null: { username: null },
};

/** A checked out credential, or null for a type that cannot be checked out. */
export const credentialRow = (account: VaultAccount, switches: Switches): Row | null => {
  const { id, type, credential, settings } = account;
  const { credential: field, hasUserName } = TYPE_RULES[type];
  if (field === null) return null;
  const signed = type === 'ssh_ca' ? { signed_public_cert: `ssh-ed25519-cert-v01@openssh.com ${id}` } : {};
  return odd(switches, `credential ${id}`, {
    ...(hasUserName ? { username: settings.userName } : USER_NAME[switches.tokenUserName]),
    type,
    [field === 'aws' ? switches.awsSecretField : field]: credential,
    ...signed,
  });
};

export const personRow = ({ id, userName, displayName }: SimulatedPerson, switches: Switches): Row =>
  odd(switches, `user ${id}`, {
    id,
    username: userName,
    public_display_name: displayName,
    ...(switches.product === 'rs' ? { private_display_name: displayName } : {}),
    security_provider_id: 1,
    email_address: `${userName}@example.com`,
    enabled: true,
  });

/** An API account. Never its secret. */
export const apiAccountRow = (account: KnownApiAccount, switches: Switches): Row => {
  const { id, name, enabled, networks, clientId, failures, lockedUntil, permissions } = account;
  return {
    id,
    name,
    comments: '',
    enabled,
    ip_addresses: networks.join('\n'),
    client_id: clientId,
    failed_login_attempts: failures,
    failed_login_expiration: lockedUntil === 0 ? null : formatTime(lockedUntil, switches.timestamps),
    ecm_group_id: null,
    perm_command: permissions.command,
    perm_reporting_support: permissions.reportingSession,
    perm_reporting_license: false,
    perm_reporting_vault: permissions.reportingVault,
    perm_reporting_jump_item: false,
    perm_reporting_syslog: false,
    perm_backup: false,
    perm_vault_backup: false,
    perm_ecm: false,
    ...(switches.product === 'pra'
      ? { perm_scim: false }
      : { perm_reporting_archive: false, perm_real_time_state: false }),
    perm_configuration: permissions.configuration,
    perm_configuration_vault_account: permissions.vaultAccounts,
  };
};

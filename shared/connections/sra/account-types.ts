/** Types of Vault account whose credential the relay can check out. */
export const ACCOUNT_TYPES = [
  'username_password',
  'ssh',
  'ssh_ca',
  'windows_local',
  'windows_domain',
  'opaque_token',
] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** Types of account whose credential the site itself changes on request. */
export const ROTATED_TYPES = ['windows_local', 'windows_domain'] as const satisfies readonly AccountType[];

export const accountTypeOf = (type: string): AccountType | undefined => ACCOUNT_TYPES.find((known) => known === type);

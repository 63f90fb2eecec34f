export const ACCOUNT_TYPES = [
  'username_password',
  'ssh',
  'ssh_ca',
  'windows_local',
  'windows_domain',
  'opaque_token',
  'x509_ca',
  'x509_csr',
  'aws_secret',
  'password_safe',
] as const;

export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** The vendor's lists of types per call. */
interface TypeRules {
  /** Field of a check-out. Null if the type cannot be checked out. */
  readonly credential: 'password' | 'private_key' | 'token' | 'aws' | null;
  readonly hasUserName: boolean;
  readonly canForceCheckIn: boolean;
  /** True if the appliance can rotate the credential. */
  readonly canRotate: boolean;
  /** Certificates exist in PRA only. */
  readonly praOnly: boolean;
}

const PASSWORD: TypeRules = {
  credential: 'password',
  hasUserName: true,
  canForceCheckIn: true,
  canRotate: false,
  praOnly: false,
};
const KEY: TypeRules = { ...PASSWORD, credential: 'private_key', canForceCheckIn: false };
const CERTIFICATE: TypeRules = {
  credential: null,
  hasUserName: false,
  canForceCheckIn: false,
  canRotate: false,
  praOnly: true,
};

export const TYPE_RULES: Readonly<Record<AccountType, TypeRules>> = {
  username_password: PASSWORD,
  ssh: KEY,
  ssh_ca: KEY,
  windows_local: { ...PASSWORD, canRotate: true },
  windows_domain: { ...PASSWORD, canRotate: true },
  opaque_token: { ...PASSWORD, credential: 'token', hasUserName: false },
  x509_ca: CERTIFICATE,
  x509_csr: CERTIFICATE,
  aws_secret: { ...PASSWORD, credential: 'aws', hasUserName: false, canRotate: true },
  password_safe: { ...PASSWORD, credential: null },
};

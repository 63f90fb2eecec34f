import * as z from 'zod';
import type { AccountType } from './account-types.ts';
import { objectId, textOf } from './fields.ts';

const COMMON = {
  name: textOf(255),
  description: textOf(4096, 0).optional(),
  account_group_id: objectId.optional(),
  account_policy: textOf(64).nullable().optional(),
};

const KEY = {
  ...COMMON,
  username: textOf(255),
  private_key: textOf(4096),
  private_key_passphrase: textOf(1024).optional(),
  private_key_public_cert: textOf(4096).nullable().optional(),
};

const CERTIFICATE = {
  name: textOf(255),
  description: textOf(4096, 0).optional(),
  subject: textOf(255).optional(),
  ttl: z.string().optional(),
  key_algorithm: z.enum(['rsa_2048', 'rsa_3072', 'rsa_4096', 'ecc_secp384r1']).optional(),
  cert_digest_algorithm: z.enum(['sha256', 'sha384', 'sha512']).optional(),
};

/** Bodies by type. Windows accounts and linked ones cannot be written, AWS secrets only partly. */
export const ACCOUNT_FIELDS = {
  username_password: z.strictObject({
    type: z.literal('username_password'),
    ...COMMON,
    username: textOf(255),
    password: textOf(255),
  }),
  opaque_token: z.strictObject({ type: z.literal('opaque_token'), ...COMMON, token: textOf(4096) }),
  ssh: z.strictObject({ type: z.literal('ssh'), ...KEY }),
  ssh_ca: z.strictObject({ type: z.literal('ssh_ca'), ...KEY }),
  x509_ca: z.strictObject({
    type: z.literal('x509_ca'),
    ...CERTIFICATE,
    x509_key: textOf(4096).optional(),
    x509_key_passphrase: textOf(1024).optional(),
    x509_cert: textOf(4096).optional(),
  }),
  x509_csr: z.strictObject({ type: z.literal('x509_csr'), ...CERTIFICATE, parent_x509: objectId }),
} as const;

export type WrittenType = keyof typeof ACCOUNT_FIELDS;

export const isWritten = (type: AccountType): type is WrittenType => type in ACCOUNT_FIELDS;

/** The only settings of an AWS secret that can be written. */
export const AWS_FIELDS = z.strictObject({
  type: z.literal('aws_secret').optional(),
  account_group_id: COMMON.account_group_id,
  account_policy: COMMON.account_policy,
});

const GENERATED = ['subject', 'ttl', 'key_algorithm', 'cert_digest_algorithm'];

/** Fields that a new certificate lacks. A certificate authority is imported with key and certificate, or generated. */
export const missingIn = (type: WrittenType, fields: object): readonly string[] => {
  const isImported = 'x509_key' in fields && 'x509_cert' in fields;
  const needsAll = type === 'x509_csr' || (type === 'x509_ca' && !isImported);
  return needsAll ? GENERATED.filter((name) => !(name in fields)) : [];
};

/** Fields of any type, as parsed. */
export interface AccountFields {
  readonly name?: string | undefined;
  readonly username?: string | undefined;
  readonly description?: string | undefined;
  readonly account_group_id?: number | undefined;
  readonly account_policy?: string | null | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly private_key?: string | undefined;
}

export const credentialIn = ({ password, token, private_key: key }: AccountFields): string | undefined =>
  password ?? token ?? key;

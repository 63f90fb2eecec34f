import * as z from 'zod';
import { parseVaultDate } from '#shared/connections/password-safe/dates.ts';
import { ACCESS_TYPES } from '#shared/connections/password-safe/request-terms.ts';
import { Secret } from '#shared/secret.ts';

/**
 * What we read of the vault's answers, and nothing else: versions add properties, and send null for what they do not
 * know. Spelling and shapes: reference password-safe-api.md, 2.1 to 2.3.
 */

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const optionalInt = z
  .int()
  .nullish()
  .transform((value) => value ?? undefined);
const date = z
  .string()
  .nullish()
  .transform((value) => (value == null ? undefined : parseVaultDate(value)));

/** A kind of access in any case; undefined for one that we don't know. */
const accessType = z
  .string()
  .nullish()
  .transform((value) => ACCESS_TYPES.find((known) => known.toLowerCase() === value?.toLowerCase()));

export const tokenSchema = z.object({
  access_token: z
    .string()
    .min(1)
    .transform((value) => new Secret(value)),
  expires_in: z.coerce.number().positive(),
});

const accountRow = z.object({
  SystemId: z.int(),
  AccountId: z.int(),
  SystemName: z.string(),
  AccountName: z.string(),
  DomainName: text,
  UserPrincipalName: text,
  ApplicationID: optionalInt,
  MaximumReleaseDuration: optionalInt,
  LastChangeDate: date,
  /** 0 idle, 1 changing, 2 queued. */
  ChangeState: optionalInt,
  /** What older versions have instead. */
  IsChanging: z.boolean().nullish(),
  IsISAAccess: z.boolean().nullish(),
});
export type AccountRow = z.infer<typeof accountRow>;

/** One shape for the three that a list comes in: an array, `{TotalCount, Data}`, or the only row by itself. */
const listOf = <Row extends z.ZodType>(row: Row) =>
  z.preprocess(
    (answer) => {
      if (Array.isArray(answer)) return { rows: answer };
      if (typeof answer === 'object' && answer !== null && 'Data' in answer) {
        return { rows: answer.Data, totalCount: 'TotalCount' in answer ? answer.TotalCount : undefined };
      }
      return { rows: [answer] };
    },
    z.object({ rows: z.array(row), totalCount: optionalInt }),
  );

export const accountListSchema = listOf(accountRow);
export const aliasListSchema = listOf(accountRow.extend({ AliasId: z.int(), AliasName: z.string() }));
export const workgroupListSchema = listOf(z.object({ Name: z.string() }));

/** The bare id of a request. */
export const requestIdSchema = z.int();

/** A JSON string. An empty one is no credential: delivering it would lock every reader out. */
export const credentialSchema = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

/** A JSON string, as the vault stores it. */
export const passphraseSchema = z.string().transform((value) => new Secret(value));

const accountOfAlias = z.object({ SystemID: z.int(), AccountID: z.int() });

/** Each part of an alias' credential, under the property that only the answer about it has, and whose it is. */
export const aliasCredentialSchemas = {
  password: accountOfAlias
    .extend({ Password: credentialSchema })
    .transform(({ Password, ...account }) => ({ ...account, value: Password })),
  dsskey: accountOfAlias
    .extend({ PrivateKey: credentialSchema })
    .transform(({ PrivateKey, ...account }) => ({ ...account, value: PrivateKey })),
  passphrase: accountOfAlias
    .extend({ Passphrase: passphraseSchema })
    .transform(({ Passphrase, ...account }) => ({ ...account, value: Passphrase })),
};

const requestRow = z.object({
  RequestID: z.int(),
  SystemID: z.int(),
  AccountID: z.int(),
  AliasID: optionalInt,
  Status: text,
  Reason: text,
  RequestReleaseDate: date,
  ApprovedDate: date,
  ExpiresDate: date,
  AccessType: accessType,
});
export type RequestRow = z.infer<typeof requestRow>;
export const requestListSchema = listOf(requestRow);

const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const policyRow = z.object({
  Schedules: z.array(
    z.object({
      RequireTicketSystem: flag,
      TicketSystemID: optionalInt,
      AccessTypes: z.array(z.object({ AccessType: accessType, MinApprovers: z.int().min(0) })),
    }),
  ),
});
export type PolicyRow = z.infer<typeof policyRow>;
export const policyListSchema = listOf(policyRow);

/** What we look at of a ticket; whoever gets it needs the rest as well, so that its text is handed on as it came. */
export const ticketSchema = z.object({ Ticket: z.string().min(1), SessionID: optionalInt });

const sessionRow = z.object({
  SessionID: z.int(),
  Status: z.int(),
  ManagedAccountID: optionalInt,
  RequestID: optionalInt,
});
export type SessionRow = z.infer<typeof sessionRow>;
export const sessionListSchema = listOf(sessionRow);

const safeSecretRow = z.object({
  Id: z.string().min(1),
  Title: text,
  Username: text,
  SecretType: text,
  FolderId: text,
  FolderPath: text,
  CreatedOn: date,
  ModifiedOn: date,
  /** From version 3.2 on. */
  SecretValueModifiedOn: date,
});
export type SafeSecretRow = z.infer<typeof safeSecretRow>;
export const safeListSchema = listOf(safeSecretRow);

/** In lists the value of a text goes by the name of a password, too; files have none. */
export const safeValueListSchema = listOf(
  z.object({
    Id: z.string().min(1),
    Password: z
      .string()
      .nullish()
      .transform((value) => (value ? new Secret(value) : undefined)),
  }),
);
export const safeCredentialSchema = z.object({ Password: credentialSchema }).transform(({ Password }) => Password);
export const safeTextSchema = z.object({ Text: credentialSchema }).transform(({ Text }) => Text);

import * as z from 'zod';
import { date, int, optionalFlag, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { ACCESS_TYPES } from '#shared/connections/password-safe/request-terms.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import { Secret } from '#shared/secret.ts';

/**
 * Fields that the relay reads from the vault's answers, and no others: versions add properties, and send null for
 * unknown values. Spelling and shapes: reference password-safe-api.md, 2.1 to 2.3.
 */

/** An access type in any letter case; undefined for an unknown one. */
const accessType = z
  .string()
  .nullish()
  .transform((value) => ACCESS_TYPES.find((known) => known.toLowerCase() === value?.toLowerCase()));

/** Ten years: a larger value is not a plausible lifetime. */
const MAX_TOKEN_SECONDS = 315_360_000;

export const tokenSchema = z.object({
  access_token: z
    .string()
    .min(1)
    .transform((value) => new Secret(value)),
  expires_in: z.coerce.number().positive().max(MAX_TOKEN_SECONDS),
});

const accountRow = z.object({
  SystemId: int,
  AccountId: int,
  SystemName: z.string(),
  AccountName: z.string(),
  DomainName: text,
  UserPrincipalName: text,
  ApplicationID: optionalInt,
  MaximumReleaseDuration: optionalInt,
  LastChangeDate: date,
  /** 0 idle, 1 changing, 2 queued. */
  ChangeState: optionalInt,
  /** Sent by older versions instead. */
  IsChanging: optionalFlag,
  IsISAAccess: optionalFlag,
});
export type AccountRow = z.infer<typeof accountRow>;

export const accountListSchema = listOf(accountRow, ['SystemId', 'AccountId']);
const aliasRow = accountRow.extend({ AliasId: int, AliasName: z.string() });
export const aliasListSchema = listOf(aliasRow, ['AliasId']);
/** An alias with its accounts. An unmapped one has neither account nor system. */
export const aliasMappingSchema = z.object({
  AliasId: int,
  AccountId: optionalInt,
  MappedAccounts: z.array(z.object({ ManagedSystemID: int, ManagedAccountID: int })),
});
export const workgroupListSchema = listOf(z.object({ Name: z.string() }), ['ID']);

/** The bare id of a request. */
export const requestIdSchema = int;

/** A JSON string. An empty one is refused, because delivering it would lock every reader out. */
export const credentialSchema = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

/** A JSON string, as the vault stores it. */
export const passphraseSchema = z.string().transform((value) => new Secret(value));

const accountOfAlias = z.object({ SystemID: int, AccountID: int });

/** Answers with one part of an alias's credential, each under its own property, and the account that it belongs to. */
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

/**
 * Requires only the id and the reason, which identify our own requests for check-in. Any other field can be unreadable.
 */
const requestRow = z.object({
  RequestID: int,
  SystemID: optionalInt.catch(undefined),
  AccountID: optionalInt.catch(undefined),
  AliasID: optionalInt.catch(undefined),
  Status: text.catch(''),
  Reason: text,
  RequestReleaseDate: date.catch(undefined),
  ApprovedDate: date.catch(undefined),
  ExpiresDate: date.catch(undefined),
  AccessType: accessType.catch(undefined),
});
export type RequestRow = z.infer<typeof requestRow>;
export const requestListSchema = listOf(requestRow, ['RequestID']);

const flag = optionalFlag.transform((value) => value ?? false);

const policyRow = z.object({
  Schedules: z.array(
    z.object({
      RequireTicketSystem: flag,
      TicketSystemID: optionalInt,
      AccessTypes: z.array(z.object({ AccessType: accessType, MinApprovers: int.pipe(z.int().min(0)) })),
    }),
  ),
});
export type PolicyRow = z.infer<typeof policyRow>;
export const policyListSchema = listOf(policyRow, []);

/**
 * Fields of a ticket that the relay checks. The recipient needs the other fields as well, so the text is delivered
 * unchanged.
 */
export const ticketSchema = z.object({ Ticket: z.string().min(1), SessionID: optionalInt });

const sessionRow = z.object({
  SessionID: int,
  Status: int,
  ManagedSystemID: optionalInt,
  ManagedAccountID: optionalInt,
  RequestID: optionalInt,
});
export type SessionRow = z.infer<typeof sessionRow>;
export const sessionListSchema = listOf(sessionRow, ['SessionID']);

const safeSecretRow = z.object({
  Id: z.string().min(1),
  Title: text,
  Username: text,
  SecretType: text,
  FolderId: text,
  FolderPath: text,
  CreatedOn: date,
  ModifiedOn: date,
  /** Sent from version 3.2 on. */
  SecretValueModifiedOn: date,
});
export type SafeSecretRow = z.infer<typeof safeSecretRow>;
export const safeListSchema = listOf(safeSecretRow, ['Id']);

/** In lists, `Password` also holds the value of a text; files have none. */
export const safeValueListSchema = listOf(
  z.object({
    Id: z.string().min(1),
    Password: z
      .string()
      .nullish()
      .transform((value) => (value ? new Secret(value) : undefined)),
  }),
  ['Id'],
);
export const safeCredentialSchema = z.object({ Password: credentialSchema }).transform(({ Password }) => Password);
export const safeTextSchema = z.object({ Text: credentialSchema }).transform(({ Text }) => Text);

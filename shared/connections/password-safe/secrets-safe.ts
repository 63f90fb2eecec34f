import { timeOf, unreadableIn } from '#shared/connections/password-safe/dates.ts';
import { interpretSafe } from '#shared/connections/password-safe/errors.ts';
import { PAGE_SIZE, readPages } from '#shared/connections/password-safe/pages.ts';
import { oddIn, readableIn, rejectedAs } from '#shared/connections/password-safe/rows.ts';
import {
  SAFE_SECRET_TYPES,
  type SafeApiVersion,
  type SafeSecret,
} from '#shared/connections/password-safe/safe-secret.ts';
import {
  type SafeSecretRow,
  safeCredentialSchema,
  safeListSchema,
  safeTextSchema,
  safeValueListSchema,
} from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import type { Content } from '#shared/domain/content.ts';
import { file, json, type Reader } from '#shared/http/answer.ts';
import type { Query } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';

const PATH = 'Secrets-Safe/Secrets';
/** The vault accepts files of up to 5 MB (reference: 2.7); before version 26.1.0.878 it returned them enlarged. */
const FILE_MAX_BYTES = 16 * 1024 * 1024;
/** A page of a thousand texts of 4,096 characters each, with their notes. */
const VALUES_MAX_BYTES = 64 * 1024 * 1024;

/** One page of secrets. */
interface SafeSecretPage {
  readonly secrets: readonly SafeSecret[];
  /** False if this page shows that secrets are missing or may be missing. */
  readonly complete: boolean;
  /** Unreadable rows. */
  readonly rejected: readonly Rejected[];
}

/** A bulk read of a folder, without its subfolders. */
export interface SafeBulk {
  readonly folderId: string;
  /** Reads only secrets modified after this time, UTC ISO 8601 in whole seconds; all secrets if omitted. */
  readonly since?: string | undefined;
  readonly version: SafeApiVersion;
}

/** Secrets Safe. Every call raises a RelayError, `PermissionMissing` if the user may not read; all are repeatable. */
export interface SecretsSafe {
  /** Lists the secrets that the user can read, page by page, each once and without its value. */
  list(version: SafeApiVersion): AsyncIterable<SafeSecretPage>;
  /** Reads the values of credentials and texts in bulk, page by page, by the ids of the secrets. Omits files. */
  readFolder(bulk: SafeBulk): AsyncIterable<ReadonlyMap<string, Secret>>;
  /** Reads one value, or the bytes of a file. */
  read(secret: Pick<SafeSecret, 'secretId' | 'type'>, version: SafeApiVersion): Promise<Content>;
}

/** Opens Secrets Safe for the session's user. */
export const openSecretsSafe = (session: Session): SecretsSafe => ({
  list: (version) => listSecrets(session, version),
  readFolder: (bulk) => readFolder(session, bulk),
  read: (secret, version) => readSecret(session, secret, version),
});

const get = async <T>(
  session: Session,
  path: string,
  query: Query,
  read: Reader<T>,
  more: { readonly maxBytes?: number; readonly binary?: boolean } = {},
): Promise<T> => {
  const interpret = interpretSafe;
  const { value } = await session.send({ method: 'GET', path, query, idempotent: true, interpret, read, ...more });
  return value;
};

async function* listSecrets(session: Session, version: SafeApiVersion): AsyncIterable<SafeSecretPage> {
  const fetchPage = (offset: number) =>
    // Some versions decrypt by default.
    get(session, PATH, { version, decrypt: 'false', limit: PAGE_SIZE, offset }, json(safeListSchema));
  for await (const { listed, complete } of readPages(fetchPage)) {
    yield {
      secrets: readableIn(listed).flatMap(toSafeSecret),
      complete,
      rejected: oddIn(listed).map(rejectedAs(session.connection, 'A secret')),
    };
  }
}

/** Skips secret types that the relay does not support. */
const toSafeSecret = (row: SafeSecretRow): SafeSecret[] => {
  const type = SAFE_SECRET_TYPES.find((known) => known === row.SecretType.toLowerCase());
  if (type === undefined) return [];
  const modified = row.ModifiedOn ?? row.CreatedOn;
  const changed = row.SecretValueModifiedOn ?? modified;
  return [
    {
      secretId: row.Id,
      type,
      title: row.Title,
      username: row.Username,
      folderId: row.FolderId,
      folderPath: row.FolderPath,
      changedAt: timeOf(changed),
      unreadableDate: unreadableIn(changed),
      modifiedAt: timeOf(modified),
    },
  ];
};

async function* readFolder(
  session: Session,
  { folderId, since, version }: SafeBulk,
): AsyncIterable<ReadonlyMap<string, Secret>> {
  const query = { version, decrypt: 'true', folderId, afterDate: since?.replace(/\.\d+Z$/, 'Z') };
  const fetchPage = (offset: number) =>
    get(session, PATH, { ...query, limit: PAGE_SIZE, offset }, json(safeValueListSchema), {
      maxBytes: VALUES_MAX_BYTES,
    });
  for await (const { listed } of readPages(fetchPage)) {
    // A secret without a readable value in bulk may have one in an individual read.
    yield new Map(
      readableIn(listed).flatMap(({ Id, Password }) => (Password === undefined ? [] : [[Id, Password] as const])),
    );
  }
}

const readSecret = async (
  session: Session,
  { secretId, type }: Pick<SafeSecret, 'secretId' | 'type'>,
  version: SafeApiVersion,
): Promise<Content> => {
  const path = `${PATH}/${encodeURIComponent(secretId)}`;
  switch (type) {
    case 'credential':
      return { secret: await get(session, path, { version }, json(safeCredentialSchema)) };
    case 'text':
      return { secret: await get(session, `${path}/Text`, { version }, json(safeTextSchema)) };
    case 'file':
      return {
        file: new Secret(
          await get(session, `${path}/File/Download`, {}, file, { maxBytes: FILE_MAX_BYTES, binary: true }),
        ),
      };
  }
};

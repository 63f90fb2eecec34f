import * as z from 'zod';
import type { CollectionAccess, DirectoryAbilities } from '#shared/connections/directory.ts';
import { readList } from '#shared/connections/secretsafe/calls.ts';
import { interpretCall, UNSUPPORTED } from '#shared/connections/secretsafe/errors.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import { type GroupRow, type MemberRow, memberRow } from '#shared/connections/secretsafe/wire.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** Abilities of a server. There are three kinds: today's, older ones, and servers that only import. */
export interface Server {
  /** Found once: by the published description, else by the rows, else by the calls that the server lacks. */
  abilities(): Promise<DirectoryAbilities>;
  /** Learns from rows that were read. Those of older servers have `accessAll`, and fewer rights. */
  note(rows: readonly (MemberRow | GroupRow)[]): void;
  /** Learns that a call to revoke or restore an existing member is missing. */
  noteWithoutRevoke(): void;
  /**
   * Raises `CallUnsupported` for rights in collections that the server does not know. It would grant others. The
   * default is no access.
   */
  assertGrants(access?: readonly CollectionAccess[]): Promise<void>;
  /** Raises `CallUnsupported` for a server that only imports, which answers that nothing exists. */
  assertManages(): Promise<void>;
}

const TODAY: DirectoryAbilities = { manages: true, revokes: true };
const OLDER: DirectoryAbilities = { manages: true, revokes: false };
const IMPORT_ONLY: DirectoryAbilities = { manages: false, revokes: false };

const descriptionSchema = z.object({ paths: z.record(z.string(), z.unknown()) });

const MAX_DESCRIPTION_BYTES = 8 * 1024 * 1024;

/** Abilities by the published description; undefined if the server publishes none. Many do not. */
const published = async (session: Session): Promise<DirectoryAbilities | undefined> => {
  try {
    const { value } = await session.sendOpenly({
      method: 'GET',
      path: 'specs/public/swagger.json',
      idempotent: true,
      interpret: interpretCall,
      read: json(descriptionSchema),
      maxBytes: MAX_DESCRIPTION_BYTES,
    });
    const paths = Object.keys(value.paths);
    if (!paths.some((path) => path.startsWith('/public/'))) return undefined;
    if (!paths.includes('/public/members')) return IMPORT_ONLY;
    return paths.includes('/public/members/{id}/revoke') ? TODAY : OLDER;
  } catch (error) {
    // The rows answer the question as well, and fail by themselves if the server is not available.
    if (error instanceof RelayError) return undefined;
    throw error;
  }
};

const isUnsupported = (error: unknown): boolean => error instanceof RelayError && error.name === 'CallUnsupported';

/** Watches what a server shows of itself in a session. */
export const createServer = (session: Session): Server => {
  let seen: DirectoryAbilities | undefined;
  let found: Promise<DirectoryAbilities> | undefined;

  let showsRights = false;

  const note: Server['note'] = (rows) => {
    const [row] = rows;
    if (row !== undefined) seen ??= Object.hasOwn(row, 'accessAll') ? OLDER : TODAY;
    showsRights ||= rows.some(({ collections }) => collections?.some((one) => Object.hasOwn(one, 'hidePasswords')));
  };
  const lookAtRows = async (): Promise<void> => {
    // The list has at least the owner.
    if (seen === undefined) note((await readList(session, 'members', memberRow)).rows);
  };
  const byRows = async (): Promise<DirectoryAbilities> => {
    try {
      await lookAtRows();
      return seen ?? TODAY;
    } catch (error) {
      if (isUnsupported(error)) return IMPORT_ONLY;
      throw error;
    }
  };
  const find = async (): Promise<DirectoryAbilities> => {
    const described = await published(session);
    return described ?? byRows();
  };
  const abilities = async (): Promise<DirectoryAbilities> => {
    found ??= find();
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
  return {
    abilities,
    note,
    noteWithoutRevoke: () => {
      found = Promise.resolve(OLDER);
    },
    async assertGrants(access = []) {
      if (!access.some(({ hidePasswords, manage }) => hidePasswords || manage)) return;
      await lookAtRows();
      if (seen !== OLDER || showsRights) return;
      throw new RelayError(
        'CallUnsupported',
        `${session.connection}: the server shows no other rights in a collection than view and edit, and could grant these instead. Use them in relay.yaml, or update the server.`,
      );
    },
    async assertManages() {
      if ((await abilities()).manages) return;
      const [name, advice] = UNSUPPORTED;
      throw new RelayError(name, `${session.connection}: the server only imports members and groups. ${advice}`);
    },
  };
};

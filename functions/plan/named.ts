import pMap from 'p-map';
import type { NamedAccount } from '#shared/domain/named-account.ts';
import { namedAt } from '#shared/records/named-accounts.ts';
import type { Notes } from '#shared/records/notes.ts';
import { type Records, readRequired } from '#shared/records/records.ts';

/** The accounts that messages named for a run. */
export type ReadNamed = (sync: string, run: string) => Promise<readonly NamedAccount[]>;

const RECORDS_AT_ONCE = 16;

export const createReadNamed =
  (records: Records, { list }: Pick<Notes, 'list'>): ReadNamed =>
  async (sync, run) =>
    pMap(await list(namedAt.prefix(sync, run)), (key) => readRequired(records, namedAt.key(key)), {
      concurrency: RECORDS_AT_ONCE,
    });

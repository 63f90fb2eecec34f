import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { NamedAccount } from '#shared/domain/named-account.ts';
import type { RecordPlace } from '#shared/records/records.ts';

const namedAccountSchema = z.object({ system: z.string(), account: z.string() });

/**
 * The accounts that messages named for a run of a sync: a record for each, so that naming an account twice names it once.
 *
 *     named/<sync>/<run>/<hash>.json
 */
export const namedAt = {
  prefix: (sync: string, run: string): string => `named/${sync}/${run}/`,
  account: (sync: string, run: string, { system, account }: NamedAccount): RecordPlace<NamedAccount> => {
    const hash = createHash('sha256')
      .update(JSON.stringify([system, account]))
      .digest('hex');
    return namedAt.key(`${namedAt.prefix(sync, run)}${hash}.json`);
  },
  /** By a key that lies under the prefix. */
  key: (key: string): RecordPlace<NamedAccount> => ({ key, schema: namedAccountSchema }),
} as const;

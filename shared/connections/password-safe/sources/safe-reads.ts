import type { SafeApiVersion } from '#shared/connections/password-safe/safe-secret.ts';
import type { SafeBulk, SecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import { isSafeItem, type SafeHandle, safeHandleIn } from '#shared/connections/password-safe/sources/safe-items.ts';
import type { PlainReads } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { Secret } from '#shared/secret.ts';

/** One reading of a folder for all that is expected of it; its values come with the first item that wants one. */
interface Bulk {
  readonly query: SafeBulk;
  readonly wanted: Set<string>;
  values?: Promise<ReadonlyMap<string, Secret>>;
}

/**
 * Reads secrets of Secrets Safe: in bulk what the preparation found can be, all others one by one. What a bulk turns out not
 * to hold, because it was changed or moved meanwhile, is read by itself, too.
 */
export const createSafeReads = (
  safe: Pick<SecretsSafe, 'read' | 'readFolder'>,
  version: SafeApiVersion,
  expected: readonly Item[],
): PlainReads => {
  const bulks = gatherBulks(expected, version);

  const readBulk = async ({ query, wanted }: Bulk): Promise<ReadonlyMap<string, Secret>> => {
    const found = new Map<string, Secret>();
    for await (const page of safe.readFolder(query)) {
      for (const [secretId, value] of page) if (wanted.has(secretId)) found.set(secretId, value);
      if (found.size === wanted.size) break;
    }
    return found;
  };

  return {
    kind: 'plain-reads',
    async read(item) {
      const handle = safeHandleIn(item);
      const secretId = item.ref.id;
      const bulk = bulks.get(keyOf(handle));
      if (bulk !== undefined) bulk.values ??= readBulk(bulk);
      const secret = (await bulk?.values)?.get(secretId);
      return { content: secret === undefined ? await safe.read({ secretId, type: handle.type }, version) : { secret } };
    },
  };
};

/** Undefined for what is read by itself. */
const keyOf = ({ folderId, inBulk }: SafeHandle): string | undefined =>
  inBulk === undefined ? undefined : `${folderId} ${inBulk.since ?? ''}`;

const gatherBulks = (expected: readonly Item[], version: SafeApiVersion): Map<string | undefined, Bulk> => {
  const bulks = new Map<string | undefined, Bulk>();
  // What is of another source is refused when it is read: it must not keep the others from being read.
  for (const item of expected.filter(isSafeItem)) {
    const handle = safeHandleIn(item);
    const key = keyOf(handle);
    if (key === undefined) continue;
    const query = { folderId: handle.folderId, since: handle.inBulk?.since ?? undefined, version };
    const bulk = bulks.get(key) ?? { query, wanted: new Set() };
    bulk.wanted.add(item.ref.id);
    bulks.set(key, bulk);
  }
  return bulks;
};

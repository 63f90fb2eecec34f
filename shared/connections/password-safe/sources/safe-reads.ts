import type { SafeApiVersion } from '#shared/connections/password-safe/safe-secret.ts';
import type { SafeBulk, SecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import { isSafeItem, type SafeHandle, safeHandleIn } from '#shared/connections/password-safe/sources/safe-items.ts';
import type { PlainReads } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { Secret } from '#shared/secret.ts';

/** One bulk read of a folder for all of its expected items. It starts with the first item that needs it. */
interface Bulk {
  readonly query: SafeBulk;
  readonly wanted: Set<string>;
  values?: Promise<ReadonlyMap<string, Secret>>;
}

/**
 * Reads secrets of Secrets Safe: in bulk where the preparation allows it, the others individually. A secret that is
 * missing in its bulk, because it was changed or moved since, is also read individually.
 */
export const createSafeReads = (
  safe: Pick<SecretsSafe, 'read' | 'readFolder'>,
  version: SafeApiVersion,
  expected: readonly Item[],
): PlainReads => {
  const bulks = collectBulks(expected, version);

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

/** Undefined for an item that is read individually. */
const keyOf = ({ folderId, inBulk }: SafeHandle): string | undefined =>
  inBulk === undefined ? undefined : `${folderId} ${inBulk.since ?? ''}`;

const collectBulks = (expected: readonly Item[], version: SafeApiVersion): Map<string | undefined, Bulk> => {
  const bulks = new Map<string | undefined, Bulk>();
  // An item of another source is refused when it is read. It must not block the others.
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

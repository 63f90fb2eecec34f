import type { SafeBulk, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SafeApiVersion } from '#shared/domain/safe-secret.ts';
import type { BatchItem } from '#shared/records/records.ts';
import type { Secret } from '#shared/secret.ts';
import { notOfThisSource, type Reader } from './readers.ts';

/** One reading of a folder for all of the batch that is in it; its values come with the first item that wants one. */
interface Bulk {
  readonly query: SafeBulk;
  readonly wanted: Set<string>;
  values?: Promise<ReadonlyMap<string, Secret>>;
}

/**
 * Reads secrets of Secrets Safe: in bulk what the plan found can be, all others one by one. What a bulk turns out not to
 * hold, because it was changed or moved meanwhile, is read by itself, too.
 */
export const createSafeReader = (
  session: VaultSession,
  version: SafeApiVersion,
  items: readonly BatchItem[],
): Reader => {
  const bulks = gatherBulks(items, version);

  const readBulk = async ({ query, wanted }: Bulk): Promise<ReadonlyMap<string, Secret>> => {
    const found = new Map<string, Secret>();
    for await (const page of session.secretsSafe.readFolder(query)) {
      for (const [secretId, value] of page) if (wanted.has(secretId)) found.set(secretId, value);
      if (found.size === wanted.size) break;
    }
    return found;
  };

  return async (item) => {
    const { subject } = item;
    if (subject.kind !== 'safe-secret') throw notOfThisSource(item);
    const bulk = bulks.get(keyOf(item));
    if (bulk !== undefined) bulk.values ??= readBulk(bulk);
    const secret = (await bulk?.values)?.get(subject.secretId);
    return secret === undefined ? session.secretsSafe.read(subject, version) : { secret };
  };
};

/** Undefined for what is read by itself. */
const keyOf = ({ subject, inBulk }: BatchItem): string | undefined =>
  subject.kind === 'safe-secret' && inBulk !== undefined ? `${subject.folderId} ${inBulk.since ?? ''}` : undefined;

const gatherBulks = (items: readonly BatchItem[], version: SafeApiVersion): Map<string | undefined, Bulk> => {
  const bulks = new Map<string | undefined, Bulk>();
  for (const item of items) {
    const { subject, inBulk } = item;
    if (subject.kind !== 'safe-secret' || inBulk === undefined) continue;
    const query = { folderId: subject.folderId, since: inBulk.since, version };
    const bulk = bulks.get(keyOf(item)) ?? { query, wanted: new Set() };
    bulk.wanted.add(subject.secretId);
    bulks.set(keyOf(item), bulk);
  }
  return bulks;
};

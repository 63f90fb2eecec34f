import pMap from 'p-map';
import { RelayError } from '#shared/errors.ts';
import type { KvApi } from '#shared/stores/kv-v2/api.ts';
import type { SecretState } from '#shared/stores/kv-v2/marks.ts';

/** A secret and its state. */
export type Listed = readonly [name: string, state: SecretState];

/** Secrets on one page. */
const PAGE_SIZE = 500;

/**
 * Lists all secrets below the folder of a store. OpenBao shows all of them with their metadata in one answer. Vault
 * shows the names in one folder, and the metadata of one secret. A failure of any call ends the list with its error.
 *
 * @param concurrency Maximum of calls at the same time.
 */
export const listSecrets = async function* (api: KvApi, concurrency: number): AsyncIterable<readonly Listed[]> {
  const scanned = await tryScan(api);
  if (scanned === undefined) yield* walk(api, concurrency);
  else yield* pagesOf([...scanned]);
};

/** Undefined if the server has no such call, or its answer would be too large. */
const tryScan = async (api: KvApi): Promise<ReadonlyMap<string, SecretState> | undefined> => {
  try {
    return await api.scan();
  } catch (error) {
    if (error instanceof RelayError && error.name === 'AnswerTooLarge') return undefined;
    throw error;
  }
};

const walk = async function* (api: KvApi, concurrency: number): AsyncIterable<readonly Listed[]> {
  let folders = [''];
  while (folders.length > 0) {
    const listed = await pMap(
      folders.slice(0, concurrency),
      async (folder) => (await api.namesIn(folder)).map((name) => folder + name),
      { concurrency },
    );
    const found = listed.flat();
    folders = [...folders.slice(concurrency), ...found.filter((name) => name.endsWith('/'))];
    for (const names of pagesOf(found.filter((name) => !name.endsWith('/')))) {
      const states = await pMap(names, async (name) => [name, await api.state(name)] as const, { concurrency });
      // A secret without a state was deleted since its folder was listed.
      yield states.flatMap(([name, state]) => (state === undefined ? [] : [[name, state] as const]));
    }
  }
};

const pagesOf = function* <T>(all: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < all.length; at += PAGE_SIZE) yield all.slice(at, at + PAGE_SIZE);
};

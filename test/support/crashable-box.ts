import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import type { Http } from '#shared/http/http.ts';
import { startMinimalStore } from '#test/support/minimal/remotes.ts';
import { openMinimalStore } from '#test/support/minimal/store.ts';

/** Name and type of the second store in scenarios that deliver to two. */
export const BOX = 'box';
export const BOX_TYPE = 'minimal-store';

/** Adds the second store to a configuration. Its server starts with the relay. */
export const withBox = (config: RelayConfig): RelayConfig => ({
  ...config,
  stores: { ...config.stores, [BOX]: { type: BOX_TYPE, url: 'https://127.0.0.1' } },
});

export interface CrashableBox {
  /** Absent if the configuration does not name the store. */
  readonly http?: Http;
  /** Names of the secrets that exist in it now. */
  readonly names: () => string[];
  /** Names of the secrets that it has ever received. */
  readonly received: ReadonlySet<string>;
  /** True while every call fails. */
  isDown: boolean;
  readonly close: () => Promise<void>;
}

/** Starts the server of the second store if the configuration names it. */
export const startCrashableBox = async ({ stores }: RelayConfig): Promise<CrashableBox> => {
  if (!Object.hasOwn(stores, BOX))
    return { names: () => [], received: new Set(), isDown: false, close: async () => {} };
  const remote = await startMinimalStore();
  const http = openMinimalStore({ url: remote.url, ca: remote.caPem });
  const received = new Set<string>();
  const box: CrashableBox = {
    http: {
      send: async (call) => {
        if (box.isDown) throw new RelayError('StoreUnavailable', 'The second store is down.');
        const reply = await http.send(call);
        if (call.method === 'PUT') for (const name of remote.secrets.keys()) received.add(name);
        return reply;
      },
      close: () => http.close(),
    },
    received,
    isDown: false,
    names: () => [...remote.secrets.keys()],
    async close() {
      await http.close();
      await remote[Symbol.asyncDispose]();
    },
  };
  return box;
};

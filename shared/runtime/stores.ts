import { createWebIdentityTokens } from '#shared/aws/web-identity-token.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { limitDescriptions } from '#shared/delivery/descriptions.ts';
import { failFast } from '#shared/delivery/fail-fast.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp, type Http } from '#shared/http/http.ts';
import type { RetryPolicy } from '#shared/http/retry.ts';
import { createOwnGate } from '#shared/limits/gate.ts';
import type { Priority } from '#shared/limits/limit-records.ts';
import { createStorePace, type StorePace } from '#shared/limits/store-pace.ts';
import { MAX_WAIT_MS } from '#shared/limits/waits.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { countCall, invocationNumber, remainingMs } from '#shared/runtime/invocation.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import type { PacedStore, SecretStore, StoreRemote, StoreRules, StoreType } from '#shared/stores/store.ts';

export interface StoresOptions {
  readonly config: Pick<RelayConfig, 'stores'>;
  /** KMS key of the stack, for functions that deliver. */
  readonly encryptionKey: string | undefined;
  /** Beginning of the names of the function's sessions in other accounts. */
  readonly session: string;
  /** Order in which this function gets its turn at a store. */
  readonly priority: Priority;
  /** Records of the limits, shared by all functions. */
  readonly limits: SharedRecords;
  /** Replaced only in tests. */
  readonly types?: typeof STORE_TYPES;
}

export interface Stores {
  /** Returns a store for the secrets of one owner. Connects once. Raises `ConfigurationInvalid`. */
  storeOf(store: string, owner: string): Promise<SecretStore>;
  /** Returns the rules of a store's type. Raises `ConfigurationInvalid`. */
  rulesOf(store: string): Promise<StoreRules>;
  /**
   * Identifies the place in which a store keeps its secrets now, whatever its name. It differs after a deployment that
   * moved the store. Raises `ConfigurationInvalid`.
   */
  placeOf(store: string): Promise<string>;
  /** Returns the pacing of a store's writes; undefined if they are not paced. Raises `ConfigurationInvalid`. */
  pacingOf(store: string): Promise<PacedStore | undefined>;
}

interface FoundStore {
  readonly type: StoreType;
  readonly settings: RelayConfig['stores'][string];
}

const pacingIn = ({ type, settings }: FoundStore): PacedStore | undefined => {
  const parsed = type.settings.parse(settings);
  const pacing = type.pacing?.(parsed);
  return pacing && { ...pacing, id: [settings.type, type.place?.(parsed) ?? []].flat().join('.') };
};

const placeIn = ({ type, settings }: FoundStore): string => {
  const parsed = type.settings.parse(settings);
  return JSON.stringify([settings.type, type.place?.(parsed) ?? null, type.folder?.(parsed) ?? null]);
};

/** A store that restarts, or chooses another leader, answers again within a minute. */
const PATIENT: RetryPolicy = { attempts: 8, budgetMs: MAX_WAIT_MS, baseMs: 500 };

const connectTo = (store: string, { url, ca, limits }: StoreRemote, onCall: () => void): Http =>
  createHttp({
    connection: `store ${store}`,
    side: 'store',
    url,
    ca,
    limits,
    gate: createOwnGate(limits, { onCall }),
    retry: PATIENT,
    remainingMs,
  });

/** Creates the stores of a configuration. */
export const createStores = ({
  config,
  encryptionKey,
  session,
  priority,
  limits: records,
  types = STORE_TYPES,
}: StoresOptions): Stores => {
  const find = async (store: string): Promise<FoundStore> => {
    const settings = Object.hasOwn(config.stores, store) ? config.stores[store] : undefined;
    if (settings === undefined) {
      throw new RelayError('ConfigurationInvalid', `There is no store ${store} in the deployed relay.yaml.`);
    }
    const load = Object.hasOwn(types, settings.type) ? types[settings.type] : undefined;
    if (load === undefined) {
      throw new RelayError(
        'ConfigurationInvalid',
        `This version of the relay has no store type ${settings.type}. Deploy the stack again.`,
      );
    }
    return { type: await load(), settings };
  };

  const paces = new Map<string, StorePace>();
  const paceOf = (pacing: PacedStore | undefined): StorePace | undefined => {
    if (pacing === undefined) return undefined;
    const { id, perSecond } = pacing;
    const key = `${id}/${perSecond}`;
    const known = paces.get(key) ?? createStorePace({ store: id, perSecond, priority, records, remainingMs });
    paces.set(key, known);
    return known;
  };

  const onCall = () => countCall('store');
  const tokens = createWebIdentityTokens({ onCall, now: Date.now });
  const connect = async (store: string, owner: string): Promise<SecretStore> => {
    const found = await find(store);
    const context = {
      owner,
      session,
      encryptionKey,
      pace: paceOf(pacingIn(found)),
      connect: (remote: StoreRemote) => connectTo(store, remote, onCall),
      tokens,
      remainingMs,
      onCall,
    };
    const connected = found.type.connect(found.type.settings.parse(found.settings), context);
    return failFast(limitDescriptions(connected), invocationNumber);
  };

  const connected = new Map<string, Promise<SecretStore>>();
  return {
    storeOf(store, owner) {
      const key = `${store}/${owner}`;
      const known = connected.get(key) ?? connect(store, owner);
      connected.set(key, known);
      return known;
    },
    rulesOf: async (store) => (await find(store)).type.rules,
    placeOf: async (store) => placeIn(await find(store)),
    pacingOf: async (store) => pacingIn(await find(store)),
  };
};

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNaming } from '#shared/domain/naming.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import type { Delivery, Expected, SecretStore, StoredSecret, StoreRules } from '#shared/stores/store.ts';

/** Makes a call of a store, or breaks it before or after its effect. */
type Around = <Answer>(send: () => Promise<Answer>) => Promise<Answer>;

/** A store as its other users see it. A test is skipped if the site lacks a member that the test needs. */
export interface StoreSite {
  /** The secrets of one owner. */
  connect(owner: string): SecretStore;
  /** The same, with every outside call made by `around`, one call of it for one call of the remote. */
  connectThrough?(owner: string, around: Around): SecretStore;
  /** The same, on a line that changes every value on its way to the remote. */
  connectGarbled?(owner: string): SecretStore;
  /** Creates a secret that the relay does not own. */
  makeForeign(name: string, value: string): Promise<void>;
  /** Has the effect of the store's command that hands a secret over to an owner. */
  adopt(name: string, owner: string): Promise<void>;
  /** Value of a secret as a workload reads it; undefined if there is none. */
  valueOf(name: string): Promise<SecretContent | undefined>;
  /** All values that anyone can still read or restore under a name: current, earlier, retired. May restore them. */
  readable?(name: string): Promise<readonly SecretContent[]>;
  /** All text of the remote except the values: names, tags, descriptions, metadata, logged calls. */
  everythingVisible?(): Promise<string>;
  /** Maximum number of secrets in one page of the remote's list. The suite delivers more than that. */
  readonly pageSize?: number;
  /**
   * Error of a call whose answer is lost, as the transport of the store raises it. Default: `ECONNRESET`, for stores
   * whose calls are wrapped below their client. For a wrapped `Http`, the error that it raises itself.
   */
  unanswered?(): Error;
  close?(): Promise<void>;
}

/** A type of store, and a function that opens one for exclusive use. */
export interface StoreBench {
  readonly rules: StoreRules;
  open(): Promise<StoreSite>;
}

/** Registers groups and tests: vitest, or a collector that runs them against a broken store. */
export interface Registrar {
  describe(title: string, define: () => void): void;
  test(title: string, run: (context: { skip(note: string): void }) => Promise<void>): void;
  beforeAll(prepare: () => Promise<void>): void;
  afterAll(cleanUp: () => Promise<void> | undefined): void;
}
export const VITEST: Registrar = { describe, test, beforeAll, afterAll };

const OWNER = 'relay.000000000000.eu-central-1/web';
export const CANARY = 'canary-3f1c';
export const RECOVERY_DAYS = 7;

export const stamp = (generation: number): Stamp => String(generation).padStart(64, '0');
export const textOf = (generation: number): string => `${CANARY} of ${generation}`;

export const collect = async (store: Pick<SecretStore, 'list'>): Promise<StoredSecret[]> => {
  const all: StoredSecret[] = [];
  for await (const page of store.list()) all.push(...page);
  return all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
};

/** Default of {@link StoreSite.unanswered}. */
export const CONNECTION_LOST = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** Current state of a secret, as a plan expects it. */
export const look = async (store: Pick<SecretStore, 'inspect'>, name: string): Promise<Expected> => {
  const found = await store.inspect(name);
  if (found.kind !== 'owned' || found.retired) return 'absent';
  return found.stamp === undefined ? 'unstamped' : { stamp: found.stamp };
};

/** The error, after a check that it is ours and shows no value. Its cause never leaves the function. */
export const checkRefusal = (error: unknown): RelayError => {
  if (!(error instanceof RelayError)) throw error;
  expect(`${error.name} ${error.message} ${JSON.stringify({ ...error, cause: undefined })}`).not.toContain(CANARY);
  return error;
};

/** Error of a refused call, after {@link checkRefusal}. */
export const refusalOf = async (call: Promise<unknown>): Promise<RelayError> => {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome.status === 'fulfilled') throw new Error('Nothing was refused.');
  return checkRefusal(outcome.reason);
};

/** Checks that an error is ours, shows no value, and passes by itself. */
export const checkPassing = (error: unknown): void => {
  const { name, message, retryable } = checkRefusal(error);
  expect(retryable, `${name} is retryable: ${message}`).toBe(true);
};

/** One site for all tests of a suite. Call this where the tests are described. */
export const useScene = ({ rules, open }: StoreBench, registrar: Registrar) => {
  let opened: StoreSite | undefined;
  registrar.beforeAll(async () => {
    opened = await open();
  });
  registrar.afterAll(() => opened?.close?.());
  const site = (): StoreSite => {
    if (opened === undefined) throw new Error('The site is not open yet.');
    return opened;
  };

  const folder = rules.name.allowed.test('/') ? 'prod/' : 'prod-';
  const nameOf = createNaming({ template: `${folder}{name}`, labels: { name: {} }, rules: rules.name });
  let names = 0;

  /** A secret under an unused name, with its helpers. */
  const aSecret = (owner = `${OWNER}-${names}`) => {
    names += 1;
    const labels = { name: `web${String(names).padStart(4, '0')}` };
    const name = nameOf({ labels, title: labels.name });
    const store = site().connect(owner);
    const delivery = (generation: number, expected: Expected | number): Delivery => ({
      name,
      value: new Secret<SecretContent>(textOf(generation)),
      stamp: stamp(generation),
      expected: typeof expected === 'number' ? { stamp: stamp(expected) } : expected,
      description: 'svc on web01',
    });
    return {
      name,
      owner,
      store,
      delivery,
      deliver: (generation: number, expected: Expected | number) => store.deliver(delivery(generation, expected)),
      value: () => site().valueOf(name),
    };
  };

  const { describe: group, test: check } = registrar;
  return {
    rules,
    verified: rules.readable ? 'read-back' : 'accepted',
    site,
    folder,
    nameOf,
    aSecret,
    group,
    check,
  } as const;
};
export type StoreScene = ReturnType<typeof useScene>;
export type ASecret = ReturnType<StoreScene['aSecret']>;

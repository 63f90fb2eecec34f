import { afterAll, beforeAll, expect } from 'vitest';
import { createNaming } from '#shared/domain/naming.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import type { Delivery, Expected, SecretStore, StoredSecret, StoreRules } from '#shared/stores/store.ts';

/** A store as its other users see it. */
export interface StoreSite {
  /** The secrets of one owner. */
  connect(owner: string): SecretStore;
  /** Creates a secret that the relay does not own. */
  makeForeign(name: string, value: string): Promise<void>;
  /** Has the effect of the store's command that hands a secret over to an owner. */
  adopt(name: string, owner: string): Promise<void>;
  /** Value of a secret as a workload reads it; undefined if there is none. */
  valueOf(name: string): Promise<SecretContent | undefined>;
  close?(): Promise<void>;
}

/** A type of store, and a function that opens one for exclusive use. */
export interface StoreBench {
  readonly rules: StoreRules;
  open(): Promise<StoreSite>;
}

const OWNER = 'relay.000000000000.eu-central-1/web';
export const CANARY = 'canary-3f1c';
export const RECOVERY_DAYS = 7;

export const stamp = (generation: number): Stamp => String(generation).padStart(64, '0');
export const textOf = (generation: number): string => `${CANARY} of ${generation}`;

export const collect = async (store: SecretStore): Promise<StoredSecret[]> => {
  const all: StoredSecret[] = [];
  for await (const page of store.list()) all.push(...page);
  return all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
};

/** Error of a refused call, after a check that it shows no value. Its cause never leaves the function. */
export const refusalOf = async (call: Promise<unknown>): Promise<RelayError> => {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome.status === 'fulfilled') throw new Error('Nothing was refused.');
  const error: unknown = outcome.reason;
  if (!(error instanceof RelayError)) throw error;
  expect(`${error.name} ${error.message} ${JSON.stringify({ ...error, cause: undefined })}`).not.toContain(CANARY);
  return error;
};

/** One site for all tests of a suite. Call this where the tests are described. */
export const useScene = ({ rules, open }: StoreBench) => {
  let opened: StoreSite | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close?.());
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
    const labels = { name: `web${String(names).padStart(3, '0')}` };
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

  return { rules, verified: rules.readable ? 'read-back' : 'accepted', site, folder, nameOf, aSecret } as const;
};
export type StoreScene = ReturnType<typeof useScene>;

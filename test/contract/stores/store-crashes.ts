import { expect } from 'vitest';
import { Secret } from '#shared/secret.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { CrashableProcess, CrashPlan, type Interruption } from '#test/support/crashable-process.ts';
import {
  type ASecret,
  CONNECTION_LOST,
  checkPassing,
  collect,
  look,
  RECOVERY_DAYS,
  type StoreScene,
  type StoreSite,
  stamp,
  textOf,
} from './store-scene.ts';

/** An operation that consists of several calls. */
interface Operation {
  /** State of the secret before the operation. */
  readonly prepare: (secret: ASecret) => Promise<unknown>;
  readonly act: (store: SecretStore, secret: ASecret) => Promise<unknown>;
}

const delivered = ({ deliver }: ASecret) => deliver(1, 'absent');
const DELIVERIES: Readonly<Record<string, Operation>> = {
  'a first delivery': {
    prepare: async () => {},
    act: (store, { delivery }) => store.deliver(delivery(2, 'absent')),
  },
  'a change': { prepare: delivered, act: (store, { delivery }) => store.deliver(delivery(2, 1)) },
  'a delivery over a retired secret': {
    prepare: async (secret) => {
      await delivered(secret);
      await secret.store.retire(secret.name, RECOVERY_DAYS);
    },
    act: (store, { delivery }) => store.deliver(delivery(2, 'absent')),
  },
};
const RETIREMENTS: Readonly<Record<string, Operation>> = {
  'a retirement': { prepare: delivered, act: (store, { name }) => store.retire(name, RECOVERY_DAYS) },
  'a retirement without recovery': { prepare: delivered, act: (store, { name }) => store.retire(name, 'none') },
};
const READS: Readonly<Record<string, Operation>> = {
  'an inspection': { prepare: delivered, act: (store, { name }) => store.inspect(name) },
  'a comparison': { prepare: delivered, act: (store, { name }) => store.holds(name, new Secret(textOf(1))) },
};

/** Part of the store suite: operations that end at any of their calls, before or after its effect. */
export const describeCrashes = ({ rules, site, aSecret, group, check }: StoreScene): void => {
  /** An operation after it was interrupted at one moment; undefined if it has no such moment. */
  const interrupted = async (
    connectThrough: NonNullable<StoreSite['connectThrough']>,
    { prepare, act }: Operation,
    moment: number,
    interruption: Interruption,
  ) => {
    const secret = aSecret();
    await prepare(secret);
    const plan = new CrashPlan([moment, interruption]);
    const process = new CrashableProcess(plan);
    const store = connectThrough(secret.owner, (send) => process.call(send));
    const [outcome] = await Promise.allSettled([act(store, secret)]);
    return plan.moments > moment ? { secret, outcome } : undefined;
  };

  /** A stamp that the store shows is that of the value beside it. */
  const checkStamps = async ({ name, store, value }: ASecret): Promise<void> => {
    const found = await store.inspect(name);
    expect(found.kind).not.toBe('foreign');
    const shown = found.kind === 'owned' && !found.retired ? [found.stamp] : [];
    const listed = (await collect(store)).map((secret) => secret.stamp);
    for (const each of [...shown, ...listed]) {
      if (each !== undefined) expect(await value()).toBe(textOf(Number(each)));
    }
  };

  const checkDelivered = async ({ name, store, value }: ASecret, generation: number): Promise<void> => {
    expect(await value()).toBe(textOf(generation));
    expect(await store.inspect(name)).toEqual({ kind: 'owned', stamp: stamp(generation), retired: false });
    expect(await collect(store)).toEqual([{ name, stamp: stamp(generation) }]);
  };

  const checkGone = async ({ name, store, value }: ASecret): Promise<void> => {
    expect(await collect(store)).toEqual([]);
    expect(await value()).toBeUndefined();
    expect((await site().readable?.(name)) ?? []).toEqual([]);
  };

  const deliverNewer = async (secret: ASecret): Promise<void> => {
    await secret.deliver(3, await look(secret.store, secret.name));
    await checkDelivered(secret, 3);
  };
  const destroy = async (secret: ASecret): Promise<void> => {
    await secret.store.retire(secret.name, 'none');
    await checkGone(secret);
  };

  /** Each moment of an operation, with the state that the interruption left. */
  const atEachMoment = async (
    operation: Operation,
    { kind, finish }: { kind: 'death' | 'error'; finish: (secret: ASecret) => Promise<void> },
    skip: (note: string) => void,
  ): Promise<void> => {
    const { connectThrough, unanswered = CONNECTION_LOST } = site();
    if (connectThrough === undefined) return skip('the bench cannot intercept calls');
    const fail = async () => {
      throw unanswered();
    };
    for (let moment = 0; ; moment += 1) {
      // To a dead process, the moment before a call is the one after the call before.
      if (kind === 'death' && moment > 0 && moment % 2 === 0) continue;
      const end = await interrupted(connectThrough, operation, moment, kind === 'death' ? 'death' : fail);
      if (end === undefined) {
        expect(moment, 'outside calls of the operation').toBeGreaterThan(1);
        return;
      }
      const { secret, outcome } = end;
      if (kind === 'error' && outcome.status === 'rejected') checkPassing(outcome.reason);
      await checkStamps(secret);
      await finish(secret);
    }
  };

  for (const [what, operation] of Object.entries(DELIVERIES)) {
    if (what.includes('retired') && rules.recovery === 'none') continue;
    /** The same delivery again. After a restoration its old expectation is wrong, and the next plan has a new one. */
    const again = async (secret: ASecret): Promise<unknown> =>
      what.includes('retired')
        ? secret.deliver(2, await look(secret.store, secret.name))
        : operation.act(secret.store, secret);
    group(what, () => {
      check('that dies at any call is completed by a repetition, and followed by a newer one', ({ skip }) => {
        const finish = async (secret: ASecret): Promise<void> => {
          await again(secret);
          await checkDelivered(secret, 2);
          await deliverNewer(secret);
        };
        return atEachMoment(operation, { kind: 'death', finish }, skip);
      });
      check('that dies at any call gives way to a newer one', ({ skip }) =>
        atEachMoment(operation, { kind: 'death', finish: deliverNewer }, skip),
      );
      check('that dies at any call can be retired, and leaves nothing to read', ({ skip }) =>
        atEachMoment(operation, { kind: 'death', finish: destroy }, skip),
      );
      check('that loses any answer fails for the moment only, or ends delivered', ({ skip }) => {
        const finish = async (secret: ASecret): Promise<void> => {
          await again(secret);
          await checkDelivered(secret, 2);
        };
        return atEachMoment(operation, { kind: 'error', finish }, skip);
      });
    });
  }

  for (const [what, operation] of Object.entries(RETIREMENTS)) {
    group(what, () => {
      check('that dies at any call is completed by a repetition', ({ skip }) => {
        const finish = async (secret: ASecret): Promise<void> => {
          await operation.act(secret.store, secret);
          if (operation === RETIREMENTS['a retirement without recovery']) return checkGone(secret);
          expect(await collect(secret.store)).toEqual([]);
          expect(await secret.value()).toBeUndefined();
        };
        return atEachMoment(operation, { kind: 'death', finish }, skip);
      });
      check('that loses any answer gives way to a delivery', ({ skip }) =>
        atEachMoment(operation, { kind: 'error', finish: deliverNewer }, skip),
      );
    });
  }

  for (const [what, operation] of Object.entries(READS)) {
    if (what === 'a comparison' && !rules.readable) continue;
    check(`${what} that loses any answer is an error, and never shows an absence`, async ({ skip }) => {
      const { connectThrough, unanswered = CONNECTION_LOST } = site();
      if (connectThrough === undefined) return skip('the bench cannot intercept calls');
      const fail = async () => {
        throw unanswered();
      };
      for (let moment = 0; ; moment += 1) {
        const end = await interrupted(connectThrough, operation, moment, fail);
        if (end === undefined) return;
        if (end.outcome.status === 'fulfilled') throw new Error(`${what} survived the loss of an answer.`);
        checkPassing(end.outcome.reason);
      }
    });
  }
};

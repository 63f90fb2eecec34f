import { isStampOfAnother } from '#shared/domain/checkout/stamps.ts';
import { asRelayError, inOne, type RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { CheckoutRun, Retired } from '#shared/workflows/checkout.ts';

export interface RetireDependencies {
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly records: Records;
  readonly notes: Pick<Notes, 'put'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The shortest time for which AWS keeps a deleted secret recoverable. */
const RECOVERY_DAYS = 7;

/**
 * Takes back what a checkout has delivered, all that it can before it raises what went wrong. Repeatable: a secret that is
 * not there, or that another checkout has delivered, is left alone. Sees no value.
 */
export const createRetire =
  ({ storeFor, records, notes, now }: RetireDependencies) =>
  async (run: CheckoutRun): Promise<Retired> => {
    // Before it looks at any secret: an attempt to deliver that goes on delivers nothing from here on.
    await notes.put(run.order.type === 'checkout.released' ? noteAt.released(run) : noteAt.closing(run));
    const at = new Date(now()).toISOString();
    const record = await records.read(checkoutAt.record(run));
    if (record === undefined) return { retired: 0, at };
    const store = await storeFor(record.settings.store, run.rule);
    const recovery = record.settings.retire === 'destroy' ? 'none' : RECOVERY_DAYS;
    const failures: RelayError[] = [];
    let retired = 0;
    for (const { secretName } of record.items) {
      try {
        if (!(await mayBeOurs(store, secretName, run.run))) continue;
        if (await store.retire(secretName, recovery)) retired += 1;
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Retiring ${secretName}`));
      }
    }
    const failure = inOne(failures);
    if (failure !== undefined) throw failure;
    return { retired, at };
  };

/** Two checkouts may have one name for a secret. The store has no fence for retiring, so that one looks right before. */
const mayBeOurs = async (store: Pick<SecretStore, 'inspect'>, name: string, run: string): Promise<boolean> => {
  const found = await store.inspect(name);
  return found.kind === 'owned' && (found.stamp === undefined || !isStampOfAnother(run, found.stamp));
};

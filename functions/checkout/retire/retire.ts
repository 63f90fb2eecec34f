import { onlyStoreOf } from '#shared/config/rules.ts';
import { CHECKOUT_RECOVERY_DAYS, recoveryIn } from '#shared/delivery/recovery.ts';
import { isStampOfAnother } from '#shared/domain/checkout/stamps.ts';
import { asRelayError, combineErrors, type RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { type Signals, signalAt } from '#shared/records/signals.ts';
import type { SecretStore, StoreRules } from '#shared/stores/store.ts';
import type { CheckoutRun, Retired } from '#shared/workflows/checkout.ts';

export interface RetireDependencies {
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly storeRules: (store: string) => Promise<Pick<StoreRules, 'recovery'>>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'put'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Retires the delivered secrets of a checkout. Tries all of them before it raises an error. Repeatable: it skips a
 * secret that does not exist or that another checkout has delivered. Reads no value.
 */
export const createRetire =
  ({ storeFor, storeRules, records, signals, now }: RetireDependencies) =>
  async (run: CheckoutRun): Promise<Retired> => {
    // Before any secret is inspected, so that a Retrieve that is still running delivers nothing afterwards.
    await signals.put(run.order.type === 'checkout.released' ? signalAt.released(run) : signalAt.closing(run));
    const at = new Date(now()).toISOString();
    const record = await records.read(checkoutAt.record(run));
    if (record === undefined) return { retired: 0, at };
    const name = onlyStoreOf(record.settings);
    const store = await storeFor(name, run.rule);
    const wish = record.settings.retire === 'destroy' ? 'none' : CHECKOUT_RECOVERY_DAYS;
    const recovery = recoveryIn(await storeRules(name), wish);
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
    const failure = combineErrors(failures);
    if (failure !== undefined) throw failure;
    return { retired, at };
  };

/**
 * Two checkouts can use the same secret name. Stores have no conditional retire, so this is checked right before it.
 */
const mayBeOurs = async (store: Pick<SecretStore, 'inspect'>, name: string, run: string): Promise<boolean> => {
  const found = await store.inspect(name);
  return found.kind === 'owned' && (found.stamp === undefined || !isStampOfAnother(run, found.stamp));
};

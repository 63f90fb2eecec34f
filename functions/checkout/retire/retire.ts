import { inStore } from '#shared/delivery/in-store.ts';
import { refuseMoved } from '#shared/delivery/moved.ts';
import { CHECKOUT_RECOVERY_DAYS, recoveryIn } from '#shared/delivery/recovery.ts';
import { isStampOfAnother } from '#shared/domain/checkout/stamps.ts';
import { asRelayError, combineErrors, type RelayError } from '#shared/errors.ts';
import { type CheckoutRecord, type CheckoutTarget, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { type Signals, signalAt } from '#shared/records/signals.ts';
import type { Recovery, SecretStore, StoreRules } from '#shared/stores/store.ts';
import type { CheckoutRun, Retired } from '#shared/workflows/checkout.ts';

export interface RetireDependencies {
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly storeRules: (store: string) => Promise<Pick<StoreRules, 'recovery'>>;
  readonly placeOf: (store: string) => Promise<string>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'put'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Retires the delivered secrets of a checkout in all of its stores at once, one by one in each. Tries all of them
 * before it raises an error. Repeatable: it skips a secret that does not exist or that another checkout has delivered.
 * Reads no value.
 */
export const createRetire =
  ({ storeFor, storeRules, placeOf, records, signals, now }: RetireDependencies) =>
  async (run: CheckoutRun): Promise<Retired> => {
    // Before any secret is inspected, so that a Retrieve that is still running delivers nothing afterwards.
    await signals.put(run.order.type === 'checkout.released' ? signalAt.released(run) : signalAt.closing(run));
    const at = new Date(now()).toISOString();
    const record = await records.read(checkoutAt.record(run));
    if (record === undefined) return { retired: 0, at };
    const wish = record.settings.retire === 'destroy' ? 'none' : CHECKOUT_RECOVERY_DAYS;
    const failures: RelayError[] = [];
    let retired = 0;
    const attempt = async (store: string, during: string, step: () => Promise<void>): Promise<void> => {
      try {
        await step();
      } catch (thrown) {
        failures.push(inStore(store, asRelayError(thrown, during)));
      }
    };
    const retireOne = async (secrets: SecretStore, name: string, recovery: Recovery): Promise<void> => {
      if (!(await mayBeOurs(secrets, name, run.run))) return;
      if (await secrets.retire(name, recovery)) retired += 1;
    };
    const retireIn = async (store: string, targets: readonly CheckoutTarget[]): Promise<void> => {
      const secrets = await storeFor(store, run.rule);
      const recovery = recoveryIn(await storeRules(store), wish);
      const current = await placeOf(store);
      for (const target of targets) {
        await attempt(store, `Retiring ${target.name}`, async () => {
          refuseMoved(target, current);
          await retireOne(secrets, target.name, recovery);
        });
      }
    };
    await Promise.all(
      [...targetsByStore(record)].map(([store, targets]) =>
        attempt(store, 'Opening it', () => retireIn(store, targets)),
      ),
    );
    const failure = combineErrors(failures);
    if (failure !== undefined) throw failure;
    return { retired, at };
  };

const targetsByStore = ({ items }: CheckoutRecord): Map<string, CheckoutTarget[]> =>
  Map.groupBy(
    items.flatMap((item) => item.targets),
    ({ store }) => store,
  );

/**
 * Two checkouts can use the same secret name. Stores have no conditional retire, so this is checked right before it.
 */
const mayBeOurs = async (store: Pick<SecretStore, 'inspect'>, name: string, run: string): Promise<boolean> => {
  const found = await store.inspect(name);
  return found.kind === 'owned' && (found.stamp === undefined || !isStampOfAnother(run, found.stamp));
};

import pMap from 'p-map';
import type { Access, Read, Vault, VaultSession } from '#shared/connections/vault.ts';
import { isPast, minutesToRequest } from '#shared/domain/checkout/window.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { asRelayError, combineErrors, RelayError } from '#shared/errors.ts';
import { withMarker } from '#shared/leases/marker.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { CheckoutStepInput, Retrieved } from '#shared/workflows/checkout.ts';
import { createDeliver, type Refusal } from './deliver.ts';
import { errorsOfUnreached, summarise, type Taken } from './outcomes.ts';

export interface RetrieveCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly placeOf: (store: string) => Promise<string>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'put' | 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** 32 hex digits that were never used before. */
  readonly random: () => string;
}

type CheckoutItem = CheckoutRecord['items'][number];

/** The value of an item as its targets receive it, or the reason why there is none. */
type Reading = Secret<SecretContent> | 'gone' | 'conflict' | RelayError;

/** Concurrent reads, and concurrent deliveries to each store. */
const MAX_CONCURRENCY = 8;
const MINUTE_MS = 60_000;

/**
 * Reads each credential of a checkout once, or opens its target session, and delivers it to all of its targets. Raises
 * an error only if an item reached none of its stores; otherwise the checkout goes on, and the result lists the targets
 * that failed. Delivers nothing if another user has one of the items, because the checkout then waits. Repeatable: each
 * attempt reads again and delivers to every target, and every delivery has its own stamp, because a ticket is never the
 * same twice.
 */
export const createRetrieveCheckout =
  ({ relayId, vaultOf, storeFor, placeOf, records, signals, now, random }: RetrieveCheckoutDependencies) =>
  async (input: CheckoutStepInput): Promise<Retrieved> => {
    const { workflow, rule, run, requested } = input;
    const record = await readRequired(records, checkoutAt.record(input));
    const { settings, items, order } = record;
    const warnings: string[] = [];
    /** A redriven or late step must not deliver a secret that no other step would retire. */
    const reasonNotToDeliver = async (): Promise<Refusal | undefined> => {
      const current = readSignals(await signals.list(signalAt.prefix(input)));
      if (current.isOver) return 'gone';
      const isLate = isPast(order.window, now(), current, settings.extensionMinutes * MINUTE_MS);
      return isLate ? 'late' : undefined;
    };
    const refusal = await reasonNotToDeliver();
    if (refusal !== undefined) {
      const outcome = refusal;
      return summarise(
        items.flatMap(({ targets }, index) => targets.map((target) => ({ index, target, outcome }))),
        now(),
        warnings,
      );
    }
    const name = `${rule}.${order.id}`;
    const deliver = createDeliver({
      name,
      run,
      storeOf: (store) => storeFor(store, rule),
      placeOf,
      refusal: reasonNotToDeliver,
      random,
      onWarning: (warning) => warnings.push(warning),
    });
    const rendering = createRendering(settings.value, order.id);
    const reason = withMarker(order.reason, { relayId, workflow, rule, run, batch: 0 });

    const read = (access: Access, { item }: CheckoutItem, index: number): Promise<Read> => {
      switch (access.kind) {
        case 'plain-reads': {
          const minutes = minutesToRequest(order.window, now()) + settings.extensionMinutes;
          return access.read(item, { reason, minutes });
        }
        case 'leases': {
          const lease = requested?.leases.find((candidate) => candidate.item === index);
          if (lease !== undefined) return access.read(lease.id, item);
          throw new RelayError('LeaseGone', `Checkout ${name}: a lease ended before its item was read.`);
        }
      }
    };

    /** Returns a failure instead of throwing it, so that no other delivery is still running at the end. */
    const take = async (session: VaultSession, checkoutItem: CheckoutItem, index: number): Promise<Reading> => {
      try {
        const { content, targetSession } = await read(session.access(settings), checkoutItem, index);
        // The step that ends a target session without a lease finds it only by this signal.
        if (targetSession !== undefined) await signals.put(signalAt.session(input, targetSession));
        return rendering.render(checkoutItem.item, content);
      } catch (thrown) {
        const failure = asRelayError(thrown, `Delivering ${checkoutItem.item.title}`);
        if (failure.name === 'LeaseGone') return 'gone';
        return failure.name === 'RequestConflict' ? 'conflict' : failure;
      }
    };

    const vault = await vaultOf(settings.connection);
    const taken = await vault.session((session) => {
      const targets = readEach(items, (item, index) => take(session, item, index));
      const hasConflict = Promise.all(targets.map(({ reading }) => reading)).then((all) => all.includes('conflict'));
      // Each store has a queue of its own, so that a slow one delays no other.
      const queues = Map.groupBy(targets, ({ target }) => target.store);
      const deliverNext = async ({ item, index, target, reading }: ReadTarget): Promise<Taken> => {
        const value = await reading;
        if (!(value instanceof Secret)) return { index, target, outcome: value };
        return { index, target, outcome: (await hasConflict) ? 'conflict' : await deliver(item, target, value) };
      };
      return Promise.all(
        [...queues.values()].map((queue) => pMap(queue, deliverNext, { concurrency: MAX_CONCURRENCY })),
      );
    });
    const outcomes = taken.flat();
    const failure = combineErrors(errorsOfUnreached(outcomes));
    if (failure !== undefined) throw failure;
    return summarise(outcomes, now(), warnings);
  };

/** A target, and the value of its item as soon as it is read. */
interface ReadTarget extends Pick<Taken, 'index' | 'target'>, Pick<CheckoutItem, 'item'> {
  readonly reading: Promise<Reading>;
}

/** Begins to read all items once, in their order. No reading rejects. */
const readEach = (
  items: readonly CheckoutItem[],
  take: (item: CheckoutItem, index: number) => Promise<Reading>,
): ReadTarget[] => {
  const readings = items.map((item) => ({ item, ...Promise.withResolvers<Reading>() }));
  void pMap(readings, async ({ item, resolve }, index) => resolve(await take(item, index)), {
    concurrency: MAX_CONCURRENCY,
  });
  return readings.flatMap(({ item: { item, targets }, promise: reading }, index) =>
    targets.map((target) => ({ item, index, target, reading })),
  );
};

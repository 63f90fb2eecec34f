import pMap from 'p-map';
import { onlyStoreOf } from '#shared/config/rules.ts';
import type { Access, Read, Vault, VaultSession } from '#shared/connections/vault.ts';
import { expectedNow } from '#shared/delivery/targets.ts';
import { isStampOfAnother, newStamp } from '#shared/domain/checkout/stamps.ts';
import { isPast, minutesToRequest } from '#shared/domain/checkout/window.ts';
import type { Content } from '#shared/domain/content.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { asRelayError, combineErrors, RelayError } from '#shared/errors.ts';
import { withMarker } from '#shared/leases/marker.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { CheckoutStepInput, Retrieved } from '#shared/workflows/checkout.ts';

export interface RetrieveCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'put' | 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** 32 hex digits that were never used before. */
  readonly random: () => string;
}

type CheckoutItem = CheckoutRecord['items'][number];

const MAX_CONCURRENCY = 8;
const MINUTE_MS = 60_000;

/** Reason not to deliver. `gone`: the checkout or the lease has ended; `late`: the window has ended. */
type Undelivered = 'gone' | 'late';

/**
 * Reads each credential of a checkout, or opens its target session, and delivers it. Repeatable: each attempt reads
 * again, and every delivery has its own stamp, because a ticket is never the same twice.
 */
export const createRetrieveCheckout =
  ({ relayId, vaultOf, storeFor, records, signals, now, random }: RetrieveCheckoutDependencies) =>
  async (input: CheckoutStepInput): Promise<Retrieved> => {
    const { workflow, rule, run, requested } = input;
    const record = await readRequired(records, checkoutAt.record(input));
    const { settings, items, order } = record;
    /** A redriven or late step must not deliver a secret that no other step would retire. */
    const reasonNotToDeliver = async (): Promise<Undelivered | undefined> => {
      const current = readSignals(await signals.list(signalAt.prefix(input)));
      if (current.isOver) return 'gone';
      const isLate = isPast(order.window, now(), current.extendedUntil, settings.extensionMinutes * MINUTE_MS);
      return isLate ? 'late' : undefined;
    };
    const summarise = (outcomes: readonly (RelayError | Undelivered | undefined)[]): Retrieved => ({
      at: new Date(now()).toISOString(),
      delivered: outcomes.filter((outcome) => outcome === undefined).length,
      // A lease that ended during its read is a result of the step, not a failure.
      gone: outcomes.includes('gone'),
      ...(outcomes.includes('late') && { late: true }),
    });
    const refusal = await reasonNotToDeliver();
    if (refusal !== undefined) {
      return summarise([refusal]);
    }
    const name = `${rule}.${order.id}`;
    const store = await storeFor(onlyStoreOf(settings), rule);
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
        case 'opening-reads':
          throw unsupported(settings.connection, access.kind);
      }
    };

    /** Returns the failure of an item instead of throwing it, so that no other delivery is still running at the end. */
    const take = async (
      session: VaultSession,
      checkoutItem: CheckoutItem,
      index: number,
    ): Promise<RelayError | Undelivered | undefined> => {
      try {
        const { content, targetSession } = await read(session.access(settings), checkoutItem, index);
        // The step that ends a target session without a lease finds it only by this signal.
        if (targetSession !== undefined) await signals.put(signalAt.session(input, targetSession));
        return await deliver(checkoutItem, content);
      } catch (thrown) {
        const failure = asRelayError(thrown, `Delivering ${checkoutItem.item.title}`);
        return failure.name === 'LeaseGone' ? 'gone' : failure;
      }
    };

    /** Two checkouts can use the same secret name. Each retires only its own delivery. */
    const refuseOthers = (secretName: string) => (stamp: Stamp) => {
      if (!isStampOfAnother(run, stamp)) return;
      throw new RelayError(
        'CheckoutRefused',
        `Checkout ${name}: the secret ${secretName} belongs to another checkout. Send the request again with another id, or after that checkout has ended.`,
      );
    };

    const deliver = async ({ item, secretName }: CheckoutItem, content: Content): Promise<Undelivered | undefined> => {
      const expected = await expectedNow(store, secretName, item.title, refuseOthers(secretName));
      let reason: Undelivered | undefined;
      const refuseIfOver = async (): Promise<void> => {
        reason = await reasonNotToDeliver();
        if (reason !== undefined) throw new RelayError('LeaseGone', `Checkout ${name} ended before its delivery.`);
      };
      try {
        await store.deliver({
          name: secretName,
          value: rendering.render(item, content),
          stamp: newStamp(run, random()),
          expected,
          description: `Checkout ${name} of ${item.title}, delivered by pam-relay.`,
          beforeWrite: refuseIfOver,
        });
      } catch (thrown) {
        if (reason === undefined) throw thrown;
      }
      return reason;
    };

    const vault = await vaultOf(settings.connection);
    const outcomes = await vault.session((session) =>
      pMap(items, (item, index) => take(session, item, index), { concurrency: MAX_CONCURRENCY }),
    );
    const failure = combineErrors(outcomes.filter((outcome) => outcome instanceof RelayError));
    if (failure !== undefined) throw failure;
    return summarise(outcomes);
  };

import { inStore } from '#shared/delivery/in-store.ts';
import { refuseMoved } from '#shared/delivery/moved.ts';
import { expectedNow } from '#shared/delivery/targets.ts';
import { isStampOfAnother, newStamp } from '#shared/domain/checkout/stamps.ts';
import type { Item } from '#shared/domain/item.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { CheckoutTarget } from '#shared/records/checkout-record.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** Reason not to deliver. `gone`: the checkout or the lease has ended; `late`: the window has ended. */
export type Refusal = 'gone' | 'late';

/** Outcome of one target. `conflict`: nothing was delivered, because another user has an item of the checkout. */
export type Outcome = 'delivered' | 'conflict' | Refusal | RelayError;

export interface DeliverOptions {
  /** Rule and id of the checkout. */
  readonly name: string;
  readonly run: string;
  readonly storeOf: (store: string) => Promise<SecretStore>;
  readonly placeOf: (store: string) => Promise<string>;
  /** Asked before each write. Undefined while the checkout may deliver. */
  readonly refusal: () => Promise<Refusal | undefined>;
  /** 32 hex digits that were never used before. */
  readonly random: () => string;
  /** Called with a sentence for the report about something beside the value. */
  readonly onWarning: (warning: string) => void;
}

/** Delivers the value of one item to one target. */
export type Deliver = (item: Item, target: CheckoutTarget, value: Secret<SecretContent>) => Promise<Outcome>;

/**
 * Delivers with a stamp of its own, behind a fence of its own, so that no target depends on another one. Never raises.
 * Repeatable: it replaces an earlier delivery of the same checkout.
 */
export const createDeliver =
  ({ name, run, storeOf, placeOf, refusal, random, onWarning }: DeliverOptions): Deliver =>
  async (item, target, value) => {
    let refused: Refusal | undefined;
    const refuseIfOver = async (): Promise<void> => {
      refused = await refusal();
      if (refused !== undefined) throw new RelayError('LeaseGone', `Checkout ${name} ended before its delivery.`);
    };
    /** Two checkouts can use the same secret name. Each retires only its own delivery. */
    const refuseOthers = (stamp: Stamp): void => {
      if (!isStampOfAnother(run, stamp)) return;
      throw new RelayError(
        'CheckoutRefused',
        `the secret ${target.name} belongs to another checkout. Send the request again with another id, or after that checkout has ended.`,
      );
    };
    try {
      refuseMoved(target, await placeOf(target.store));
      const store = await storeOf(target.store);
      const { warning } = await store.deliver({
        name: target.name,
        value,
        stamp: newStamp(run, random()),
        expected: await expectedNow(store, target.name, item.title, refuseOthers),
        description: `Checkout ${name} of ${item.title}, delivered by pam-relay.`,
        beforeWrite: refuseIfOver,
      });
      if (warning !== undefined) onWarning(warning);
      return refused ?? 'delivered';
    } catch (thrown) {
      return refused ?? inStore(target.store, asRelayError(thrown, `Delivering ${item.title}`));
    }
  };

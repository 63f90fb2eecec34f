import pMap from 'p-map';
import type { Access, Read, Vault, VaultSession } from '#shared/connections/vault.ts';
import { expectedNow } from '#shared/delivery/targets.ts';
import { isStampOfAnother, newStamp } from '#shared/domain/checkout/stamps.ts';
import { isPast, minutesToAskFor } from '#shared/domain/checkout/window.ts';
import type { Content } from '#shared/domain/content.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { asRelayError, inOne, RelayError } from '#shared/errors.ts';
import { withMarker } from '#shared/leases/marker.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readNotes } from '#shared/records/notes.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { CourseInput, Retrieved } from '#shared/workflows/checkout.ts';

export interface RetrieveCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly records: Records;
  readonly notes: Pick<Notes, 'put' | 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** 32 hex digits that nobody had before. */
  readonly random: () => string;
}

type CheckoutItem = CheckoutRecord['items'][number];

const MAX_AT_ONCE = 8;
const MINUTE_MS = 60_000;

/** Why nothing is delivered: the checkout or its lease is over, or the window is. */
type Undelivered = 'gone' | 'late';

/**
 * Reads each credential of a checkout, or opens its target session, and delivers it. Repeatable, although each attempt reads
 * anew: a ticket is never the same twice, so that every delivery has a stamp of its own.
 */
export const createRetrieveCheckout =
  ({ relayId, vaultOf, storeFor, records, notes, now, random }: RetrieveCheckoutDependencies) =>
  async (input: CourseInput): Promise<Retrieved> => {
    const { workflow, rule, run, requested } = input;
    const record = await readRequired(records, checkoutAt.record(input));
    const { settings, items, order } = record;
    /** A step that is redriven, or late, delivers nothing that no other step would retire. */
    const whyNot = async (): Promise<Undelivered | undefined> => {
      const noted = readNotes(await notes.list(noteAt.prefix(input)));
      if (noted.isOver) return 'gone';
      const isLate = isPast(order.window, now(), noted.extendedUntil, settings.extensionMinutes * MINUTE_MS);
      return isLate ? 'late' : undefined;
    };
    const summarise = (outcomes: readonly (RelayError | Undelivered | undefined)[]): Retrieved => ({
      at: new Date(now()).toISOString(),
      delivered: outcomes.filter((outcome) => outcome === undefined).length,
      // A lease that ended while it was read is an answer, and no failure.
      gone: outcomes.includes('gone'),
      ...(outcomes.includes('late') && { late: true }),
    });
    const refusal = await whyNot();
    if (refusal !== undefined) {
      return summarise([refusal]);
    }
    const name = `${rule}.${order.id}`;
    const store = await storeFor(settings.store, rule);
    const rendering = createRendering(settings.value, order.id);
    const reason = withMarker(order.reason, { relayId, workflow, rule, run, batch: 0 });

    const read = (access: Access, { item }: CheckoutItem, index: number): Promise<Read> => {
      switch (access.kind) {
        case 'plain-reads': {
          const minutes = minutesToAskFor(order.window, now()) + settings.extensionMinutes;
          return access.read(item, { reason, minutes });
        }
        case 'leases': {
          const lease = requested?.leases.find((candidate) => candidate.item === index);
          if (lease !== undefined) return access.read(lease.id, item);
          throw new RelayError('LeaseGone', `Checkout ${name} lost a lease before it was read.`);
        }
        case 'opening-reads':
          throw unsupported(settings.connection, access.kind);
      }
    };

    /** Why one item was not delivered. None is left under way when another fails: it would be delivered after the end. */
    const take = async (
      session: VaultSession,
      checkoutItem: CheckoutItem,
      index: number,
    ): Promise<RelayError | Undelivered | undefined> => {
      try {
        const { content, targetSession } = await read(session.access(settings), checkoutItem, index);
        // A target session without a lease is known by this note alone to a step that has to end it.
        if (targetSession !== undefined) await notes.put(noteAt.session(input, targetSession));
        return await deliver(checkoutItem, content);
      } catch (thrown) {
        const failure = asRelayError(thrown, `Delivering ${checkoutItem.item.title}`);
        return failure.name === 'LeaseGone' ? 'gone' : failure;
      }
    };

    /** Two checkouts may have one name for a secret, and each takes back what it has delivered alone. */
    const refuseOthers = (secretName: string) => (stamp: Stamp) => {
      if (!isStampOfAnother(run, stamp)) return;
      throw new RelayError(
        'CheckoutRefused',
        `Checkout ${name}: the secret ${secretName} is that of another checkout. Ask again under another id, or once that one is over.`,
      );
    };

    const deliver = async ({ item, secretName }: CheckoutItem, content: Content): Promise<Undelivered | undefined> => {
      const expected = await expectedNow(store, secretName, item.title, refuseOthers(secretName));
      const reason = await whyNot();
      if (reason !== undefined) return reason;
      await store.deliver({
        name: secretName,
        value: rendering.render(item, content),
        stamp: newStamp(run, random()),
        expected,
        description: `Checkout ${name} of ${item.title}, delivered by pam-relay.`,
      });
      return undefined;
    };

    const vault = await vaultOf(settings.connection);
    const outcomes = await vault.session((session) =>
      pMap(items, (item, index) => take(session, item, index), { concurrency: MAX_AT_ONCE }),
    );
    const failure = inOne(outcomes.filter((outcome) => outcome instanceof RelayError));
    if (failure !== undefined) throw failure;
    return summarise(outcomes);
  };

import type { CheckoutConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { VaultSession } from '#shared/connections/vault.ts';
import { isPast, windowStart } from '#shared/domain/checkout/window.ts';
import type { Item } from '#shared/domain/item.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { agreeOnAll, type OpenedLease, openAll } from '#shared/leases/opening.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import type { IsRotating } from '#shared/rotation/is-rotating.ts';
import type { CheckoutLease, Requested } from '#shared/workflows/checkout.ts';
import type { Run } from '#shared/workflows/run.ts';

interface Checkout {
  readonly run: Run;
  readonly order: CheckoutOrder;
  readonly settings: CheckoutConfig;
  readonly rules: Pick<SourceRules, 'opens'>;
  /** Its items, in the order of the record. */
  readonly items: readonly Item[];
}

interface OpenNowDependencies {
  readonly relayId: string;
  readonly signals: Pick<Signals, 'list'>;
  readonly isRotating: IsRotating;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Opens the leases of a checkout that has none yet. Undefined if their state is then unknown. Raises the errors with
 * which the vault refuses one for good.
 */
type OpenNow = () => Promise<Requested | undefined>;

const MINUTE_MS = 60_000;

/**
 * Answers of the vault to the request of a lease, which opened nothing. The workflow closes the checkout after each of
 * them. It would not after an error of the sign-in.
 */
const FINAL: ReadonlySet<ErrorName> = new Set([
  'NotRequestable',
  'PermissionMissing',
  'RequestRejected',
  'TicketRefused',
]);

/**
 * Agrees on the terms of the leases of a checkout that may open them now, and opens nothing yet. Undefined if the
 * checkout needs no lease, begins later, or has ended. The items have just been looked up in the same session, so their
 * change state is current. Raises `CheckoutRefused`.
 */
export const prepareOpening = async (
  session: VaultSession,
  { run, order, settings, rules, items }: Checkout,
  { relayId, signals, isRotating, now }: OpenNowDependencies,
): Promise<OpenNow | undefined> => {
  const leases = session.access(settings);
  const at = now();
  if (leases.kind !== 'leases' || windowStart(order.window, at) > at) return undefined;
  const hasEnded = async (): Promise<boolean> => {
    const current = readSignals(await signals.list(signalAt.prefix(run)));
    return current.isOver || isPast(order.window, now(), current, settings.extensionMinutes * MINUTE_MS);
  };
  if (await hasEnded()) return undefined;
  const resultOf = (conflict: boolean, opened: readonly CheckoutLease[]): Requested => ({
    at: new Date(now()).toISOString(),
    conflict,
    leases: [...opened],
  });
  // A credential that is read during its change would be stale. A target session shows none.
  if (rules.opens === 'credential' && items.some(({ changing }) => changing === true)) {
    return async () => resultOf(true, []);
  }
  const marker = { relayId, ...run, batch: 0 };
  const agreed = await agreeOnAll(leases, { settings, order }, items, { count: items.length, marker, now: at });
  return async () => {
    try {
      // The checkout has its open mark now, so a rotation that starts later sees it.
      if (rules.opens === 'credential' && (await isRotating(settings.connection, items))) return resultOf(true, []);
      await leases.admit?.(items.length);
      const { conflict, opened } = await openAll(leases, agreed, hasEnded);
      const known = opened.flatMap(knownLease);
      return known.length === opened.length ? resultOf(conflict, known) : undefined;
    } catch (thrown) {
      // A refusal would be the same again. CheckIn closes what was opened before it.
      if (thrown instanceof RelayError && FINAL.has(thrown.name)) throw thrown;
      // The request step finds by their marker the leases that were opened, and raises the error if it persists.
      return undefined;
    }
  };
};

/** A lease as the request step would find it in the list; empty if its status or its end is unknown. */
const knownLease = ({ id, status, endsAt }: OpenedLease, item: number): CheckoutLease[] =>
  status === undefined || endsAt === undefined ? [] : [{ item, id, status, endsAt }];

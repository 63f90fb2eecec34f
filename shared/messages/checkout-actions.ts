import type { RelayConfig } from '#shared/config/schema.ts';
import { type CheckoutIdentity, checkoutRun, endingRun } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { RelayError } from '#shared/errors.ts';
import { createIds, type IdsDependencies } from '#shared/messages/ids.ts';
import {
  type CheckoutExtended,
  type CheckoutOrder,
  type CheckoutReleased,
  type CheckoutRequested,
  type CheckoutShortened,
  checkoutOrderSchema,
} from '#shared/messages/messages.ts';
import { type Signals, signalAt } from '#shared/records/signals.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';

export interface CheckoutActionDependencies extends IdsDependencies {
  readonly rules: Pick<RelayConfig, 'intake'>;
  readonly executionsOf: ExecutionsOf;
  readonly signals: Pick<Signals, 'put' | 'list'>;
}

/**
 * Step Functions reserves the name of an ended execution for 90 days. Source: Step Functions API reference,
 * StartExecution.
 */
const NAME_RESERVED_MS = 90 * 24 * 3_600_000;

/** Creates the actions of messages about checkouts. An id belongs to its sender. Repeatable. */
export const createCheckoutActions = ({ rules, executionsOf, ...dependencies }: CheckoutActionDependencies) => {
  const { signals, now } = dependencies;
  const ids = createIds(dependencies);

  const request = async (message: CheckoutRequested, principal: Principal): Promise<void> => {
    const { opening } = await ids.claim(message, principal);
    const order: CheckoutOrder = { ...message, principal, opening };
    const run = checkoutRun(order);
    const input = JSON.stringify(order);
    const isOver = 'until' in message.window && Date.parse(message.window.until) <= now();
    // The name may be available again by now, and would start a second checkout with the same id.
    const isOld = now() - Date.parse(opening) >= NAME_RESERVED_MS;
    const checkouts = executionsOf('checkout');
    if (!isOver && !isOld && (await checkouts.start(run, input))) return;
    const known = await checkouts.find(run);
    if (known === undefined) {
      if (isOld) throw usedBefore(message);
      throw isOver ? tooLate() : notShown(run);
    }
    if (canonical(known.input) !== input) throw usedForAnother(message);
  };

  const find = (checkout: CheckoutIdentity) => executionsOf('checkout').find(checkoutRun(checkout));

  /**
   * Extends the sender's own checkout, even before its request. Refused if only other senders have a checkout with this
   * id.
   */
  const extend = async (message: CheckoutExtended, principal: Principal): Promise<void> => {
    const { own, others } = await ids.find(message, principal);
    const mine = own ?? (await ids.claim(message, principal));
    const run = checkoutRun(mine);
    await signals.put(signalAt.extended({ rule: message.checkout, run }, Date.parse(message.until)));
    if (others.length > 0 && (await find(mine)) === undefined) throw ofAnotherSender();
  };

  /**
   * Sets another end of the sender's own checkout, even before its request. An execution of its own closes it then,
   * unless a later position has set another end by that time.
   */
  const setEnd = async ({ until, position, ...message }: Omit<CheckoutShortened, 'type'>, principal: Principal) => {
    const { own, others } = await ids.find(message, principal);
    const mine = own ?? (await ids.claim(message, principal));
    const run = checkoutRun(mine);
    const end = { position, until: Date.parse(until) };
    await signals.put(signalAt.ends({ rule: message.checkout, run }, end));
    const order = { type: 'checkout.shortened', checkout: message.checkout, id: message.id, run, until, principal };
    await executionsOf('release').start(endingRun(run, end), JSON.stringify(order));
    if (!isRoute(principal) && others.length > 0 && (await find(mine)) === undefined) throw ofAnotherSender();
  };

  const mayReleaseOthers = ({ id }: Principal): boolean =>
    rules.intake?.senders.some((sender) => sender.mayRelease && sender.id === id) ?? false;

  /**
   * Releases the sender's own checkout, even before its request. If the sender may release those of others, their
   * checkouts with the same id are released as well, unless the message was sent before the end of the sender's own
   * checkout: it was then meant for that one, even if it is delivered again later.
   */
  const release = async (message: CheckoutReleased, principal: Principal, sentAt: number): Promise<void> => {
    const { own, others } = await ids.find(message, principal);
    const mine = own ?? (await ids.claim(message, principal));
    const execution = others.length === 0 ? undefined : await find(mine);
    const isForMine = execution !== undefined && sentAt <= (execution.endedAt ?? Number.POSITIVE_INFINITY);
    const mayOthers = mayReleaseOthers(principal);
    for (const checkout of mayOthers && !isForMine ? [mine, ...others] : [mine]) {
      const run = checkoutRun(checkout);
      // The signal ends a running or future checkout; the execution closes one that has failed.
      await signals.put(signalAt.released({ rule: message.checkout, run }));
      await executionsOf('release').start(run, JSON.stringify({ ...message, run, principal }));
    }
    if (!isRoute(principal) && others.length > 0 && !mayOthers && execution === undefined) throw ofAnotherSender();
  };

  return { request, extend, setEnd, release };
};

/** A route means its own checkouts alone: their ids come from its records. */
const isRoute = ({ kind }: Principal): boolean => kind === 'route';

const tooLate = () =>
  new RelayError('MessageInvalid', 'window.until: is in the past; send the request again with a later time');

/** The execution exists, because its name is taken, but Step Functions is eventually consistent. */
const notShown = (run: string) =>
  new RelayError('StoreUnavailable', `Step Functions does not return the execution ${run} yet.`);

const usedForAnother = ({ checkout, id }: CheckoutRequested) =>
  new RelayError('MessageInvalid', `id: ${id} was used for another checkout of ${checkout}; use a new id`);

const usedBefore = ({ checkout, id }: CheckoutRequested) =>
  new RelayError('MessageInvalid', `id: ${id} was already used for a checkout of ${checkout}; use a new id`);

/**
 * Reveals nothing about the other sender or its request. Raised only after the message was applied to the sender's own
 * future checkout. Otherwise another sender could block a release by using the id first.
 */
const ofAnotherSender = () =>
  new RelayError(
    'MessageInvalid',
    'id: belongs to another sender; send the message as that sender, or set mayRelease for this one under intake.senders in relay.yaml',
  );

/** Normalizes the input of an execution, which an earlier version of the relay may have written in another form. */
const canonical = (input: string): string | undefined => {
  const { data } = checkoutOrderSchema.safeParse(JSON.parse(input));
  return data && JSON.stringify(data);
};

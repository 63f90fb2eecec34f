import type { RelayConfig } from '#shared/config/schema.ts';
import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { RelayError } from '#shared/errors.ts';
import {
  type CheckoutExtended,
  type CheckoutOrder,
  type CheckoutReleased,
  type CheckoutRequested,
  checkoutOrderSchema,
} from '#shared/messages/messages.ts';
import { type Notes, noteAt } from '#shared/records/notes.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import { createIds, type IdsDependencies } from './ids.ts';

export interface CheckoutActionDependencies extends IdsDependencies {
  readonly rules: Pick<RelayConfig, 'intake'>;
  readonly executionsOf: ExecutionsOf;
  readonly notes: Pick<Notes, 'put' | 'list'>;
}

/** For so long Step Functions keeps names of executions that have ended. Source: Step Functions API reference, StartExecution. */
const NAMES_KEPT_MS = 90 * 24 * 3_600_000;

/** Actions of the messages about checkouts. An id belongs to its sender. Repeatable. */
export const createCheckoutActions = ({ rules, executionsOf, ...dependencies }: CheckoutActionDependencies) => {
  const { notes, now } = dependencies;
  const ids = createIds(dependencies);

  const request = async (message: CheckoutRequested, principal: Principal): Promise<void> => {
    const { opening } = await ids.claim(message, principal);
    const order: CheckoutOrder = { ...message, principal, opening };
    const run = checkoutRun(order);
    const input = JSON.stringify(order);
    const isOver = 'until' in message.window && Date.parse(message.window.until) <= now();
    // Names may be free again by now, and would start a second checkout where there was one.
    const isOld = now() - Date.parse(opening) >= NAMES_KEPT_MS;
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

  /** Holds for the sender's own checkout to come, and is refused all the same while others alone have asked for one. */
  const extend = async (message: CheckoutExtended, principal: Principal): Promise<void> => {
    const { own, others } = await ids.find(message, principal);
    const mine = own ?? (await ids.claim(message, principal));
    const run = checkoutRun(mine);
    await notes.put(noteAt.extended({ rule: message.checkout, run }, Date.parse(message.until)));
    if (others.length > 0 && (await find(mine)) === undefined) throw notTheirs();
  };

  const mayReleaseOthers = ({ id }: Principal): boolean =>
    rules.intake?.senders.some((sender) => sender.mayRelease && sender.id === id) ?? false;

  /**
   * Releases the sender's own checkout, also one that is yet to come. Where the sender may release those of others, their
   * checkouts of the same id end with it, unless the message was sent before the end of its own: then it was for that one,
   * also when it comes again.
   */
  const release = async (message: CheckoutReleased, principal: Principal, sentAt: number): Promise<void> => {
    const { own, others } = await ids.find(message, principal);
    const mine = own ?? (await ids.claim(message, principal));
    const execution = others.length === 0 ? undefined : await find(mine);
    const isForMine = execution !== undefined && sentAt <= (execution.endedAt ?? Number.POSITIVE_INFINITY);
    const mayOthers = mayReleaseOthers(principal);
    for (const checkout of mayOthers && !isForMine ? [mine, ...others] : [mine]) {
      const run = checkoutRun(checkout);
      // The note ends a checkout that runs or is yet to come; the execution ends one that died.
      await notes.put(noteAt.released({ rule: message.checkout, run }));
      await executionsOf('release').start(run, JSON.stringify({ ...message, run, principal }));
    }
    if (others.length > 0 && !mayOthers && execution === undefined) throw notTheirs();
  };

  return { request, extend, release };
};

const tooLate = () =>
  new RelayError('MessageInvalid', 'window.until: has passed; ask again, with a time that is still to come');

/** It is there, since it can't be started, and Step Functions may take a moment to show what it has. */
const notShown = (run: string) => new RelayError('StoreUnavailable', `Step Functions does not show ${run} yet.`);

const usedForAnother = ({ checkout, id }: CheckoutRequested) =>
  new RelayError('MessageInvalid', `id: ${id} was used for another checkout of ${checkout}; use an id of its own`);

const usedBefore = ({ checkout, id }: CheckoutRequested) =>
  new RelayError('MessageInvalid', `id: ${id} was used for a checkout of ${checkout} before; use an id of its own`);

/**
 * Says nothing of the other sender, nor of what it asked for. Raised once the message holds for the sender's own checkout to
 * come: else another could have a release refused by using its id first.
 */
const notTheirs = () =>
  new RelayError(
    'MessageInvalid',
    'id: belongs to another sender; send it as that one, or let this one release with mayRelease under intake.senders in relay.yaml',
  );

/** Text that an earlier version of the relay may have written says the same when it does so field by field. */
const canonical = (input: string): string | undefined => {
  const { data } = checkoutOrderSchema.safeParse(JSON.parse(input));
  return data && JSON.stringify(data);
};

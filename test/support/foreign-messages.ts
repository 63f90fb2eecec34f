import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import type { Disturbance } from '#test/support/crash.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';

/** Another sender, which uses the id of a checkout that is not its own. */
const OTHER_SENDER: Principal = { kind: 'aws', id: 'AROA1234567890STRANGER' };

const MINUTE_MS = 60_000;
const LONG_MINUTES = 12 * 60;

type OrderOf = (relay: CrashableRelay) => CheckoutOrder;

/** Messages of another sender about an id. Its own checkouts are held until the original checkout has ended. */
const foreignMessagesAbout = (orderOf: OrderOf) => {
  const about = (relay: CrashableRelay) => {
    const { checkout, id } = orderOf(relay);
    return { checkout, id };
  };
  const request = (relay: CrashableRelay, items: CheckoutOrder['items']) => {
    const { principal: _, opening, ...message } = orderOf(relay);
    return relay.hold((options) => relay.sendMessage({ ...message, items }, { by: OTHER_SENDER, ...options }));
  };
  return {
    release: (relay: CrashableRelay) =>
      relay.sendMessage({ type: 'checkout.released', ...about(relay) }, { by: OTHER_SENDER }),
    extension: (relay: CrashableRelay) => {
      const until = new Date(relay.now() + LONG_MINUTES * MINUTE_MS).toISOString();
      return relay.sendMessage({ type: 'checkout.extended', ...about(relay), until }, { by: OTHER_SENDER });
    },
    requestForOthers: (relay: CrashableRelay) => request(relay, others(relay, orderOf(relay))),
    requestForTheSame: (relay: CrashableRelay) => request(relay, orderOf(relay).items),
  };
};

/** Items that the order does not contain. */
const others = ({ simulator }: CrashableRelay, { items }: CheckoutOrder): CheckoutOrder['items'] => {
  const isOrdered = (name: string) => items.some(({ accountName }) => accountName === name);
  const account = simulator
    .accounts()
    .find(({ kind, accountName }) => kind === 'odd-credential' && !isOrdered(accountName));
  if (account === undefined) throw new Error('The fleet has no account outside the order.');
  return [{ systemName: account.systemName, accountName: account.accountName }];
};

/** Disturbances by another sender during a checkout. A request for the same accounts may win, as from any sender. */
export const foreignMessagesFor = (orderOf: OrderOf): Readonly<Record<string, Disturbance>> => {
  const { release, extension, requestForOthers, requestForTheSame } = foreignMessagesAbout(orderOf);
  return {
    'a release by another sender': { apply: release, isHarmless: true },
    'an extension by another sender': { apply: extension, isHarmless: true },
    'a request by another sender under the same id': {
      apply: requestForOthers,
      isHarmless: true,
      isLeftToReap: true,
    },
    'a request by another sender for the same accounts under the same id': {
      apply: requestForTheSame,
      isLeftToReap: true,
    },
  };
};

/** Sends every kind of message about an id as another sender, before the checkout is requested. */
export const sendForeignMessages = async (relay: CrashableRelay, order: CheckoutOrder): Promise<void> => {
  const { release, extension, requestForOthers } = foreignMessagesAbout(() => order);
  await requestForOthers(relay);
  await extension(relay);
  await release(relay);
};

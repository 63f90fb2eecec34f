import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import type { Meanwhile } from '#test/support/crash.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';

/** Another sender, who knows the id of a checkout that is not its own. */
const STRANGER: Principal = { kind: 'aws', id: 'AROA1234567890STRANGER' };

const MINUTE_MS = 60_000;
const LONG_MINUTES = 12 * 60;

type OrderOf = (relay: MortalRelay) => CheckoutOrder;

/** What a stranger may send about an id. What it asks for goes on beside, until the checkout whose id it is, is over. */
const tellings = (orderOf: OrderOf) => {
  const about = (relay: MortalRelay) => {
    const { checkout, id } = orderOf(relay);
    return { checkout, id };
  };
  const ask = (relay: MortalRelay, items: CheckoutOrder['items']) => {
    const { principal: _, opening, ...message } = orderOf(relay);
    return relay.hold((options) => relay.tell({ ...message, items }, { by: STRANGER, ...options }));
  };
  return {
    release: (relay: MortalRelay) => relay.tell({ type: 'checkout.released', ...about(relay) }, { by: STRANGER }),
    extension: (relay: MortalRelay) => {
      const until = new Date(relay.now() + LONG_MINUTES * MINUTE_MS).toISOString();
      return relay.tell({ type: 'checkout.extended', ...about(relay), until }, { by: STRANGER });
    },
    requestForOthers: (relay: MortalRelay) => ask(relay, others(relay, orderOf(relay))),
    requestForTheSame: (relay: MortalRelay) => ask(relay, orderOf(relay).items),
  };
};

/** Items of another kind than the stories of checkouts are about. */
const others = ({ simulator }: MortalRelay, { items }: CheckoutOrder): CheckoutOrder['items'] => {
  const isTaken = (name: string) => items.some(({ accountName }) => accountName === name);
  const account = simulator
    .accounts()
    .find(({ kind, accountName }) => kind === 'odd-credential' && !isTaken(accountName));
  if (account === undefined) throw new Error('The fleet has no account that nobody asks for.');
  return [{ systemName: account.systemName, accountName: account.accountName }];
};

/** What a stranger may send in the middle of a checkout. Whoever asks for the same accounts may come first, as everybody may. */
export const strangersTo = (orderOf: OrderOf): Readonly<Record<string, Meanwhile>> => {
  const { release, extension, requestForOthers, requestForTheSame } = tellings(orderOf);
  return {
    'a release by somebody else': { happens: release, isHarmless: true },
    'an extension by somebody else': { happens: extension, isHarmless: true },
    'a request by somebody else under the same id': {
      happens: requestForOthers,
      isHarmless: true,
      isLeftToReap: true,
    },
    'a request by somebody else for the same under the same id': {
      happens: requestForTheSame,
      isLeftToReap: true,
    },
  };
};

/** All that a stranger may send before anybody else knows of the id. */
export const speakFirst = async (relay: MortalRelay, order: CheckoutOrder): Promise<void> => {
  const { release, extension, requestForOthers } = tellings(() => order);
  await requestForOthers(relay);
  await extension(relay);
  await release(relay);
};

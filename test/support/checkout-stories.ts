import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { CheckoutIdentity } from '#shared/domain/checkout/identity.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import type { CheckoutReported } from '#shared/workflows/checkout.ts';
import { brokenCheckouts, CHECKOUT_FOLDER, reportOf, wrongReports } from '#test/support/checkout-promises.ts';
import { identityOf } from '#test/support/checkouts.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import type { Disturbance, Story } from '#test/support/crash.ts';
import { openRequestsOfOurs, secretsIn } from '#test/support/mortal-promises.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';
import { speakFirst, strangersTo } from '#test/support/strangers.ts';

const HOUR_MINUTES = 60;

type Named = CheckoutOrder['items'];
type Kind = ReturnType<MortalRelay['simulator']['accounts']>[number]['kind'];

export const anAccount = ({ simulator }: MortalRelay, kind: Kind = 'plain'): Named => {
  const account = simulator.accounts().findLast((candidate) => candidate.kind === kind);
  if (account === undefined) throw new Error(`The fleet has no ${kind} account.`);
  return [{ systemName: account.systemName, accountName: account.accountName }];
};

export const aCheckout = (items: Named, id = 'CHG1'): CheckoutOrder => ({
  type: 'checkout.requested',
  ...identityOf(id),
  items,
  window: { minutes: 8 * HOUR_MINUTES },
  reason: 'Replace a disk',
});

const anyPending = (relay: MortalRelay) => openRequestsOfOurs(relay).filter(({ status }) => status === 'pending');

type CheckoutStatus = CheckoutReported['status'];

interface Tale {
  readonly ends: CheckoutStatus;
  readonly accounts?: (relay: MortalRelay) => Named;
  readonly rule?: Record<string, unknown>;
  readonly isIsa?: boolean;
  /** What people do while the checkout waits. */
  readonly whileWaiting?: (relay: MortalRelay) => void;
}

/** What checkouts have delivered that are to be over, but for those of an id. */
const leftDelivered = (relay: MortalRelay, running?: string): string[] =>
  secretsIn(relay, CHECKOUT_FOLDER).filter((name) => running === undefined || !name.includes(`/${running}/`));

/** A checkout from its message to its end, and whatever is needed until nothing of it is left. */
export const checkoutStory = (tale: Tale, more: Partial<Story> = {}): Story => {
  const { accounts = anAccount, whileWaiting } = tale;
  const order = (relay: MortalRelay) => aCheckout(accounts(relay));
  return {
    config: aCheckoutConfig({ value: '{credential}', extensionMinutes: 8 * HOUR_MINUTES, ...tale.rule }),
    prepare: async (relay) => {
      if (tale.isIsa) relay.simulator.changeUser(DEFAULT_APPLICATION.userName, { roles: ['requestor', 'isa'] });
    },
    live: async (relay, { through }) => {
      const wait = async (seconds: number) => {
        whileWaiting?.(relay);
        relay.advance(seconds / 60);
      };
      await relay.checkOut(order(relay), { through, wait });
    },
    goOn: async (relay, { through, fate }) => {
      relay.advance(1);
      await relay.reap(fate, { through, mayFail: true });
    },
    rest: async (relay) => {
      for (const minutes of [1, HOUR_MINUTES]) {
        relay.advance(minutes);
        await relay.reap();
      }
    },
    wrong: (relay, disturbance) => [
      ...brokenCheckouts(relay),
      ...wrongReports(relay, order(relay)),
      ...wrongEnding(relay, order(relay), tale.ends, disturbance),
    ],
    isSequential: true,
    meanwhile: { 'a release': { happens: (relay) => relay.release(order(relay)) } },
    strangers: strangersTo(order),
    ending: (relay) => reportOf(relay, order(relay)),
    leftDelivered: (relay) => leftDelivered(relay),
    ...more,
  };
};

const wrongEnding = (
  relay: MortalRelay,
  order: CheckoutIdentity,
  ends: CheckoutStatus,
  { isDisturbed }: Disturbance,
): string[] => {
  const status = reportOf(relay, order)?.status;
  return isDisturbed || status === ends ? [] : [`It is reported as ${status} instead of ${ends}.`];
};

/** A person gets into every session whose ticket was delivered. */
const useTickets = ({ simulator, manager }: MortalRelay): void => {
  const delivered = Object.values(manager.currentValues());
  for (const { ticket } of simulator.sessions()) {
    if (delivered.some((value) => value.includes(ticket))) simulator.connect(ticket);
  }
};

const use = async (relay: MortalRelay): Promise<void> => useTickets(relay);

/** A checkout whose execution is stopped while it holds what it has delivered. */
const abandon = async (relay: MortalRelay, order: CheckoutOrder): Promise<void> => {
  let stop = (): void => {};
  await relay.checkOut(order, {
    through: (invocation) => {
      stop = invocation.stop;
      return invocation.perform();
    },
    wait: () => use(relay).then(stop),
  });
};

/** A checkout that holds what it has delivered until the story is over. */
const holdOpen = (relay: MortalRelay, order: CheckoutOrder): Promise<void> =>
  new Promise((resolve, reject) => {
    const wait = () =>
      use(relay)
        .then(resolve)
        .then(() => new Promise<never>(() => {}));
    relay.checkOut(order, { wait }).then(reject, reject);
  });

const DIED = identityOf('CHG1');
const BYSTANDER = identityOf('CHG2');

/** A file tells nobody the id of its session. */
const SESSION_BY_FILE = { handsOut: 'rdp-file' };

/** What closes a session of a checkout that died in front of one that goes on. */
const closingStory = (live: Story['live'], more: Partial<Story> = {}): Story =>
  checkoutStory(
    { ends: 'abandoned', rule: SESSION_BY_FILE, isIsa: true },
    {
      prepare: async (relay) => {
        relay.simulator.changeUser(DEFAULT_APPLICATION.userName, { roles: ['requestor', 'isa'] });
        await abandon(relay, aCheckout(anAccount(relay), DIED.id));
        await holdOpen(relay, aCheckout(anAccount(relay, 'odd-name'), BYSTANDER.id));
        relay.advance(1);
      },
      live,
      strangers: {},
      isLeftToReap: true,
      leftDelivered: (relay) => leftDelivered(relay, BYSTANDER.id),
      ending: undefined,
      wrong: (relay, disturbance) => [
        ...brokenCheckouts(relay, [BYSTANDER]),
        ...wrongReports(relay, DIED),
        ...wrongEnding(relay, DIED, 'abandoned', disturbance),
      ],
      ...more,
    },
  );

/** Its id is not its own alone: somebody else has sent all that can be sent about it before. */
export const SPOKEN_OF_FIRST: Story = checkoutStory(
  { ends: 'completed' },
  { prepare: (relay) => speakFirst(relay, aCheckout(anAccount(relay))), isLeftToReap: true },
);

export const CHECKOUT_STORIES: Readonly<Record<string, Story>> = {
  'a checkout': checkoutStory({ ends: 'completed' }),
  'a checkout of two accounts, one of which has to be approved': checkoutStory({
    ends: 'completed',
    accounts: (relay) => [...anAccount(relay), ...anAccount(relay, 'approval')],
    whileWaiting: (relay) => {
      for (const { requestId } of anyPending(relay)) relay.simulator.approve(requestId);
    },
  }),
  'a checkout that is denied': checkoutStory({
    ends: 'denied',
    accounts: (relay) => anAccount(relay, 'approval'),
    whileWaiting: (relay) => {
      for (const { requestId } of anyPending(relay)) relay.simulator.deny(requestId);
    },
  }),
  'a checkout of a session that somebody is in': checkoutStory({
    ends: 'completed',
    rule: { handsOut: 'ssh-ticket' },
    isIsa: true,
    whileWaiting: useTickets,
  }),
  'a checkout of a session as an ISA': checkoutStory({
    ends: 'completed',
    rule: { access: 'isa', handsOut: 'ssh-ticket' },
    isIsa: true,
    whileWaiting: useTickets,
  }),
  'a release of a checkout that died': closingStory((relay, { through }) => relay.release(DIED, { through }), {
    meanwhile: { reap: { happens: (relay) => relay.reap() } },
  }),
  'reap of a checkout that died': closingStory(async (relay, { fate, through }) => {
    await relay.reap(fate, { through, mayFail: true });
  }),
};

import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { CheckoutIdentity } from '#shared/domain/checkout/identity.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import type { CheckoutReported } from '#shared/workflows/checkout.ts';
import {
  brokenCheckouts,
  CHECKOUT_FOLDER,
  deliveredNames,
  reportOf,
  wrongReports,
} from '#test/support/checkout-promises.ts';
import { identityOf } from '#test/support/checkouts.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import type { Circumstances, Disturbance, Scenario } from '#test/support/crash.ts';
import { openRequestsOfOurs, secretsIn } from '#test/support/crashable-promises.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';
import { ALL_STORES, withOtherStores } from '#test/support/crashable-stores.ts';
import { foreignMessagesFor, sendForeignMessages } from '#test/support/foreign-messages.ts';

const HOUR_MINUTES = 60;

type Named = CheckoutOrder['items'];
type Kind = ReturnType<CrashableRelay['simulator']['accounts']>[number]['kind'];

export const anAccount = ({ simulator }: CrashableRelay, kind: Kind = 'plain'): Named => {
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

const anyPending = (relay: CrashableRelay) => openRequestsOfOurs(relay).filter(({ status }) => status === 'pending');

type CheckoutStatus = CheckoutReported['status'];

interface CheckoutCase {
  readonly ends: CheckoutStatus;
  readonly accounts?: (relay: CrashableRelay) => Named;
  readonly rule?: Record<string, unknown>;
  readonly isIsa?: boolean;
  readonly isToAllStores?: boolean;
  /** Actions of people while the checkout waits. */
  readonly whileWaiting?: (relay: CrashableRelay) => void;
}

/** Secrets of ended checkouts. The checkout with the id `running` is excluded. */
const leftDelivered = (relay: CrashableRelay, running?: string): string[] =>
  deliveredNames(relay).filter((name) => running === undefined || !name.includes(`/${running}/`));

/** One store is cleared at the end of the checkout, and the others as soon as they are back. */
const OUTAGE_OF_OTHERS: Disturbance = {
  apply: async ({ otherStores }) => {
    otherStores.isDown = true;
  },
  checkWhileActive: async (relay) =>
    secretsIn(relay, CHECKOUT_FOLDER).map((name) => `${name} is still delivered because other stores are down.`),
  end: async ({ otherStores }) => {
    otherStores.isDown = false;
  },
};

const configOf = ({ rule, isToAllStores = false }: CheckoutCase): RelayConfig => {
  const settings = { value: '{credential}', extensionMinutes: 8 * HOUR_MINUTES, ...rule };
  return isToAllStores
    ? withOtherStores(aCheckoutConfig({ ...settings, stores: ALL_STORES }))
    : aCheckoutConfig(settings);
};

/** A checkout from its message to its end, then `reap` until nothing of it is left. */
export const checkoutScenario = (checkoutCase: CheckoutCase, more: Partial<Scenario> = {}): Scenario => {
  const { accounts = anAccount, whileWaiting } = checkoutCase;
  const order = (relay: CrashableRelay) => aCheckout(accounts(relay));
  return {
    config: configOf(checkoutCase),
    prepare: async (relay) => {
      if (checkoutCase.isIsa) relay.simulator.changeUser(DEFAULT_APPLICATION.userName, { roles: ['requestor', 'isa'] });
    },
    act: async (relay, { through }) => {
      const wait = async (seconds: number) => {
        whileWaiting?.(relay);
        relay.advance(seconds / 60);
      };
      await relay.checkOut(order(relay), { through, wait });
    },
    followUp: async (relay, { through, crashPlan }) => {
      relay.advance(1);
      await relay.reap(crashPlan, { through, mayFail: true });
    },
    cleanUp: async (relay) => {
      for (const minutes of [1, HOUR_MINUTES]) {
        relay.advance(minutes);
        await relay.reap();
      }
    },
    findErrors: (relay, disturbance) => [
      ...brokenCheckouts(relay),
      ...wrongReports(relay, order(relay)),
      ...wrongEnding(relay, order(relay), checkoutCase.ends, disturbance),
    ],
    isSequential: true,
    disturbance: {
      'a release': { apply: (relay) => relay.release(order(relay)) },
      ...(checkoutCase.isToAllStores && { 'an outage of the other stores': OUTAGE_OF_OTHERS }),
    },
    foreignMessages: foreignMessagesFor(order),
    ending: (relay) => reportOf(relay, order(relay)),
    leftDelivered: (relay) => leftDelivered(relay),
    ...more,
  };
};

const wrongEnding = (
  relay: CrashableRelay,
  order: CheckoutIdentity,
  ends: CheckoutStatus,
  { isDisturbed }: Circumstances,
): string[] => {
  const status = reportOf(relay, order)?.status;
  return isDisturbed || status === ends ? [] : [`The checkout is reported as ${status} instead of ${ends}.`];
};

/** Connects to every session whose ticket was delivered, as a person does. */
const useTickets = ({ simulator, manager }: CrashableRelay): void => {
  const delivered = Object.values(manager.currentValues());
  for (const { ticket } of simulator.sessions()) {
    if (delivered.some((value) => value.includes(ticket))) simulator.connect(ticket);
  }
};

const use = async (relay: CrashableRelay): Promise<void> => useTickets(relay);

/** Runs a checkout and stops its execution after the delivery. */
const abandon = async (relay: CrashableRelay, order: CheckoutOrder): Promise<void> => {
  let stop = (): void => {};
  await relay.checkOut(order, {
    through: (invocation) => {
      stop = invocation.stop;
      return invocation.perform();
    },
    wait: () => use(relay).then(stop),
  });
};

/** Runs a checkout that waits after the delivery until the end of the scenario. */
const holdOpen = (relay: CrashableRelay, order: CheckoutOrder): Promise<void> =>
  new Promise((resolve, reject) => {
    const wait = () =>
      use(relay)
        .then(resolve)
        .then(() => new Promise<never>(() => {}));
    relay.checkOut(order, { wait }).then(reject, reject);
  });

const STOPPED = identityOf('CHG1');
const UNRELATED = identityOf('CHG2');

/** An RDP file does not contain the id of its session. */
const SESSION_BY_FILE = { delivers: 'rdp-file' };

/** Closes the session of a stopped checkout while another checkout goes on. */
const closingScenario = (act: Scenario['act'], more: Partial<Scenario> = {}): Scenario =>
  checkoutScenario(
    { ends: 'abandoned', rule: SESSION_BY_FILE, isIsa: true },
    {
      prepare: async (relay) => {
        relay.simulator.changeUser(DEFAULT_APPLICATION.userName, { roles: ['requestor', 'isa'] });
        await abandon(relay, aCheckout(anAccount(relay), STOPPED.id));
        await holdOpen(relay, aCheckout(anAccount(relay, 'odd-name'), UNRELATED.id));
        relay.advance(1);
      },
      act,
      foreignMessages: {},
      isLeftToReap: true,
      leftDelivered: (relay) => leftDelivered(relay, UNRELATED.id),
      ending: undefined,
      findErrors: (relay, disturbance) => [
        ...brokenCheckouts(relay, [UNRELATED]),
        ...wrongReports(relay, STOPPED),
        ...wrongEnding(relay, STOPPED, 'abandoned', disturbance),
      ],
      ...more,
    },
  );

/** Another sender has sent every kind of message about the same id before. */
export const ID_USED_BY_ANOTHER_SENDER: Scenario = checkoutScenario(
  { ends: 'completed' },
  { prepare: (relay) => sendForeignMessages(relay, aCheckout(anAccount(relay))), isLeftToReap: true },
);

export const CHECKOUT_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a checkout': checkoutScenario({ ends: 'completed' }),
  'a checkout of two accounts, one of which requires approval, to all stores': checkoutScenario({
    ends: 'completed',
    isToAllStores: true,
    accounts: (relay) => [...anAccount(relay), ...anAccount(relay, 'approval')],
    whileWaiting: (relay) => {
      for (const { requestId } of anyPending(relay)) relay.simulator.approve(requestId);
    },
  }),
  'a checkout that is denied': checkoutScenario({
    ends: 'denied',
    accounts: (relay) => anAccount(relay, 'approval'),
    whileWaiting: (relay) => {
      for (const { requestId } of anyPending(relay)) relay.simulator.deny(requestId);
    },
  }),
  'a checkout of a session that a person uses': checkoutScenario({
    ends: 'completed',
    rule: { delivers: 'ssh-ticket' },
    isIsa: true,
    whileWaiting: useTickets,
  }),
  'a checkout of a session as an ISA': checkoutScenario({
    ends: 'completed',
    rule: { access: 'isa', delivers: 'ssh-ticket' },
    isIsa: true,
    whileWaiting: useTickets,
  }),
  'a release of a stopped checkout': closingScenario((relay, { through }) => relay.release(STOPPED, { through }), {
    disturbance: { reap: { apply: (relay) => relay.reap() } },
  }),
  'reap of a stopped checkout': closingScenario(async (relay, { crashPlan, through }) => {
    await relay.reap(crashPlan, { through, mayFail: true });
  }),
};

import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { idAt } from '#shared/records/ids.ts';
import { signalAt } from '#shared/records/signals.ts';
import { brokenCheckouts, reportOf, wrongReports } from '#test/support/checkout-promises.ts';
import { aCheckout, anAccount, checkoutScenario } from '#test/support/checkout-scenarios.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { type Scenario, stopAt } from '#test/support/crash.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';

const DAY_MS = 24 * 3_600_000;
const USED = 'CHG1';
const PLANNED = 'CHG3';

const messageOf = ({ principal: _, opening, ...message }: CheckoutOrder) => message;

const first = (relay: CrashableRelay, id = USED): CheckoutOrder => aCheckout(anAccount(relay), id);
const again = (relay: CrashableRelay, id = USED): CheckoutOrder => aCheckout(anAccount(relay, 'odd-credential'), id);

/**
 * Uses one id for a checkout that completes, is extended, and is released again after its end. Uses a second id for a
 * checkout that is only planned and never reaped. Then 90 days pass, and the rule selects other accounts.
 */
const useIds = async (relay: CrashableRelay): Promise<void> => {
  const { checkout, id, principal } = first(relay);
  await relay.checkOut(first(relay, PLANNED), { through: stopAt('checkout/watch') });
  await relay.checkOut(first(relay));
  const until = new Date(relay.now() + 400 * DAY_MS).toISOString();
  await relay.sendMessage({ type: 'checkout.extended', checkout, id, until }, { by: principal });
  await relay.release(first(relay));
  relay.forgetExecutions();
  relay.deploy(aCheckoutConfig({ value: '{credential}', select: { systems: [`${systemOf(again(relay))}*`] } }));
};

const systemOf = ({ items }: CheckoutOrder): string => items[0]?.['systemName'] ?? '';

/** Accounts opened after the execution names became free again. */
const opened = (relay: CrashableRelay): string[] =>
  relay.simulator.audit
    .filter(({ kind, at, tookEffect }) => kind === 'request' && tookEffect && at > usedAt(relay) + 80 * DAY_MS)
    .map(({ accountIds, at }) => `Accounts ${accountIds} were opened at ${at} under an id that was used before.`);

const usedAt = (relay: CrashableRelay): number => Date.parse(first(relay).opening);

/** Fails unless the message is refused because its id was used before. */
const mustBeRefused = async (relay: CrashableRelay, order: CheckoutOrder): Promise<void> => {
  const refusal = await relay.sendMessage(messageOf(order), { by: order.principal });
  if (refusal === undefined) throw new Error(`The id ${order.id} was accepted a second time.`);
};

const withRecord: Scenario = checkoutScenario(
  { ends: 'completed' },
  {
    prepare: useIds,
    act: async (relay, { through }) => {
      for (const order of [first(relay), again(relay), first(relay, PLANNED), again(relay, PLANNED)]) {
        await mustBeRefused(relay, order);
      }
      // A person can still start them by hand, because their execution names are free.
      for (const order of [again(relay), first(relay, PLANNED)]) await relay.startByHand(order, { through });
    },
    findErrors: (relay) => [
      ...brokenCheckouts(relay),
      ...opened(relay),
      ...(reportOf(relay, first(relay))?.status === 'completed' ? [] : ['The report of the earlier checkout is gone.']),
    ],
    disturbance: {},
    foreignMessages: {},
  },
);

/** The identity that the sender's id currently refers to. */
const identityNow = ({ records }: CrashableRelay, order: CheckoutOrder): CheckoutIdentity => {
  const { key, schema } = idAt.known(order, order.principal);
  const { opening } = schema.parse(JSON.parse(records.objects.get(key) ?? 'null'));
  return { ...order, opening };
};

/** Expires all records of the earlier checkout except its signals, which are newer. */
const expireRecords = (relay: CrashableRelay): void => {
  const place = { rule: first(relay).checkout, run: checkoutRun(first(relay)) };
  const gone = [checkoutAt.record(place).key, signalAt.report(place)];
  relay.forgetRecords((key) => key.startsWith('ids/') || gone.includes(key));
};

const afterRecordExpired: Scenario = checkoutScenario(
  { ends: 'completed' },
  {
    prepare: async (relay) => {
      await useIds(relay);
      expireRecords(relay);
    },
    act: async (relay, { through }) => {
      const order = again(relay);
      const refusal = await relay.sendMessage(messageOf(order), { by: order.principal, through });
      if (refusal !== undefined) throw new Error(`An expired id was refused: ${refusal}`);
    },
    findErrors: (relay, { isDisturbed }) => {
      const identity = identityNow(relay, again(relay));
      const { status, deliveredAt, finishedAt } = reportOf(relay, identity) ?? {};
      const isLong = Date.parse(finishedAt ?? '') - Date.parse(deliveredAt ?? '') > DAY_MS;
      return [
        ...brokenCheckouts(relay),
        ...wrongReports(relay, identity),
        ...(isDisturbed || status === 'completed' ? [] : [`It is reported as ${status} instead of completed.`]),
        ...(isLong ? ['It was extended by a message about an earlier checkout.'] : []),
      ];
    },
    disturbance: {},
    foreignMessages: {},
  },
);

/** Scenarios of ids that were used for another checkout before. */
export const USED_ID_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'ids that are used again while their records exist': withRecord,
  'an id that is used again after its record has expired': afterRecordExpired,
};

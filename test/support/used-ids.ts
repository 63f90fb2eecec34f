import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { idAt } from '#shared/records/ids.ts';
import { noteAt } from '#shared/records/notes.ts';
import { brokenCheckouts, reportOf, wrongReports } from '#test/support/checkout-promises.ts';
import { aCheckout, anAccount, checkoutStory } from '#test/support/checkout-stories.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { dyingAt, type Story } from '#test/support/crash.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';

const DAY_MS = 24 * 3_600_000;
const USED = 'CHG1';
const DIED = 'CHG3';

const messageOf = ({ principal: _, opening, ...message }: CheckoutOrder) => message;

const first = (relay: MortalRelay, id = USED): CheckoutOrder => aCheckout(anAccount(relay), id);
const again = (relay: MortalRelay, id = USED): CheckoutOrder => aCheckout(anAccount(relay, 'odd-credential'), id);

/**
 * One id was used for a checkout that went well, was extended, and was released once more when it was over; of another one
 * only the plan is there, and nobody has reaped since. Then 90 days pass, and the rule allows something else.
 */
const useUp = async (relay: MortalRelay): Promise<void> => {
  const { checkout, id, principal } = first(relay);
  await relay.checkOut(first(relay, DIED), { through: dyingAt('checkout/watch') });
  await relay.checkOut(first(relay));
  const until = new Date(relay.now() + 400 * DAY_MS).toISOString();
  await relay.tell({ type: 'checkout.extended', checkout, id, until }, { by: principal });
  await relay.release(first(relay));
  relay.forgetExecutions();
  relay.deploy(aCheckoutConfig({ value: '{credential}', select: { systems: [`${systemOf(again(relay))}*`] } }));
};

const systemOf = ({ items }: CheckoutOrder): string => items[0]?.['systemName'] ?? '';

/** Since the names are free again. */
const opened = (relay: MortalRelay): string[] =>
  relay.simulator.audit
    .filter(({ kind, at, tookEffect }) => kind === 'request' && tookEffect && at > usedAt(relay) + 80 * DAY_MS)
    .map(({ accountIds, at }) => `An account was opened under an id that was used before, at ${at}: ${accountIds}.`);

const usedAt = (relay: MortalRelay): number => Date.parse(first(relay).opening);

/** What a message gets for an id that was used before. */
const mustBeRefused = async (relay: MortalRelay, order: CheckoutOrder): Promise<void> => {
  const refusal = await relay.tell(messageOf(order), { by: order.principal });
  if (refusal === undefined) throw new Error(`The id ${order.id} was taken a second time.`);
};

const whileItsRecordIsThere: Story = checkoutStory(
  { ends: 'completed' },
  {
    prepare: useUp,
    live: async (relay, { through }) => {
      for (const order of [first(relay), again(relay), first(relay, DIED), again(relay, DIED)]) {
        await mustBeRefused(relay, order);
      }
      // Somebody starts them by hand all the same: their names are free.
      for (const order of [again(relay), first(relay, DIED)]) await relay.startByHand(order, { through });
    },
    wrong: (relay) => [
      ...brokenCheckouts(relay),
      ...opened(relay),
      ...(reportOf(relay, first(relay))?.status === 'completed' ? [] : ['The report of what it was used for is gone.']),
    ],
    meanwhile: {},
    strangers: {},
  },
);

/** As the sender's id stands for it now. */
const identityNow = ({ records }: MortalRelay, order: CheckoutOrder): CheckoutIdentity => {
  const { key, schema } = idAt.known(order, order.principal);
  const { opening } = schema.parse(JSON.parse(records.objects.get(key) ?? 'null'));
  return { ...order, opening };
};

/** All but the notes, which were left last. */
const forgetWhatItWas = (relay: MortalRelay): void => {
  const place = { rule: first(relay).checkout, run: checkoutRun(first(relay)) };
  const gone = [checkoutAt.record(place).key, noteAt.report(place)];
  relay.forgetRecords((key) => key.startsWith('ids/') || gone.includes(key));
};

const afterItsRecordHasGone: Story = checkoutStory(
  { ends: 'completed' },
  {
    prepare: async (relay) => {
      await useUp(relay);
      forgetWhatItWas(relay);
    },
    live: async (relay, { through }) => {
      const order = again(relay);
      const refusal = await relay.tell(messageOf(order), { by: order.principal, through });
      if (refusal !== undefined) throw new Error(`An id that nobody knows any more was refused: ${refusal}`);
    },
    wrong: (relay, { isDisturbed }) => {
      const identity = identityNow(relay, again(relay));
      const { status, deliveredAt, finishedAt } = reportOf(relay, identity) ?? {};
      const isLong = Date.parse(finishedAt ?? '') - Date.parse(deliveredAt ?? '') > DAY_MS;
      return [
        ...brokenCheckouts(relay),
        ...wrongReports(relay, identity),
        ...(isDisturbed || status === 'completed' ? [] : [`It is reported as ${status} instead of completed.`]),
        ...(isLong ? ['It was extended by what was sent about an earlier one.'] : []),
      ];
    },
    meanwhile: {},
    strangers: {},
  },
);

/** Of ids that stood for something else before. */
export const USED_ID_STORIES: Readonly<Record<string, Story>> = {
  'ids that are used again while their records are there': whileItsRecordIsThere,
  'an id that is used again after its record has gone': afterItsRecordHasGone,
};

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { roleIdOf } from '#local/aws/principals.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES } from '#local/world.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { checkoutOrderSchema, messageSchema } from '#shared/messages/messages.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld } from '#test/support/checkout-world.ts';

/** Numbers of messages of each kind. */
export interface Sizes {
  readonly sent: number;
  readonly distinct: number;
  readonly malformed: number;
  readonly checkouts: number;
  /** Number of checkouts that request an account of another checkout. */
  readonly second: number;
  readonly changed: number;
  readonly extensions: number;
  /** Number of additional change messages for one account. */
  readonly storm: number;
}

const QUEUE = 'local-intake';
const SENDER = 'ticket-system';
/** The checkout rule that delivers sessions. */
const CONSOLES = 'consoles';
const MINUTE_MS = 60_000;
/** Number of messages per quarter of a minute. */
const BATCH_SIZE = 250;
/** Takes one minute on an otherwise idle machine. */
const TIMEOUT_MS = 600_000;

const named = ({ systemName, domainName, accountName }: FleetAccount) => ({
  systemName,
  accountName: domainName === null ? accountName : `${domainName}\\${accountName}`,
});

const requested = (n: number, account: FleetAccount, more: object = {}) => ({
  type: 'checkout.requested',
  checkout: n % 10 === 0 ? CONSOLES : RULE,
  id: `CHG-${n}`,
  items: [named(account)],
  // The windows differ, because every checkout that ends at the same time needs its own thread.
  window: { minutes: 20 + n },
  reason: `Change ${n}`,
  ...more,
});

/** Messages that are refused, each kind for a different reason. */
const malformed: readonly ((n: number, account: FleetAccount) => unknown)[] = [
  (n) => `{"type":"checkout.requested","id":"${n}"`,
  (n, account) => requested(n, account, { checkout: 'other' }),
  (n, account) => requested(n, account, { window: { minutes: 100_000 } }),
  (n, account) => requested(-1 - n, account, { id: `old-${n}`, window: { until: '2020-02-01T00:00:00Z' } }),
  (n, account) => requested(n, account, { items: [] }),
  (n, { systemName }) => ({
    type: 'credential.changed',
    connection: 'other',
    item: { systemName, accountName: `a${n}` },
  }),
  (n) => ({ type: 'checkout.closed', checkout: RULE, id: `CHG-${n}` }),
  (n) => [n],
];

/** The parsed message as text, with its labels sorted by name. */
const asParsed = (message: unknown): string => JSON.stringify(messageSchema.parse(message));

const textOf = (message: unknown): string => (typeof message === 'string' ? message : JSON.stringify(message));

/** Shuffles the texts with a fixed seed. */
const shuffled = (texts: readonly string[]): string[] => {
  const orders = fc.shuffledSubarray([...texts], { minLength: texts.length });
  return fc.sample(orders, { seed: 4, numRuns: 1 }).flat();
};

const many = <T>(length: number, make: (n: number) => T): T[] => Array.from({ length }, (_, n) => make(n));

/** Prepares all messages, and the data to check afterwards. */
const prepareMessages = ({ plain, clock }: CheckoutWorld, sizes: Sizes) => {
  const { checkouts: count, second } = sizes;
  const firsts = count - second;
  const checkouts = many(count, (n) => {
    const account = plain(n % firsts);
    const extendedTo = (minutes: number) => clock.now() + (50 + n + minutes) * MINUTE_MS;
    return {
      account,
      message: requested(n, account),
      isReleased: n % 3 === 0,
      /** True if no other checkout requests its account. */
      isAlone: n >= second && n < firsts,
      extensions: many(sizes.extensions / count, extendedTo),
    };
  });
  const changed = many(sizes.changed, (n) => plain(firsts + n));
  const changeOf = (item: object) => ({ type: 'credential.changed', connection: NAMES.connection, item });
  const valid = [
    ...checkouts.flatMap(({ message, isReleased, extensions }) => {
      const { checkout, id } = message;
      const extended = extensions.map((end) => ({ type: 'checkout.extended', checkout, id, until: new Date(end) }));
      return [message, ...extended, ...(isReleased ? [{ type: 'checkout.released', checkout, id }] : [])];
    }),
    ...changed.map((account) => changeOf(named(account))),
  ].map(textOf);
  const refused = many(sizes.malformed, (n) => textOf(malformed[n % malformed.length]?.(n, plain(0))));
  const unselected = many(sizes.distinct - valid.length - sizes.malformed, (n) =>
    textOf(changeOf({ systemName: `hr-${n}`, accountName: 'root' })),
  );
  const storm = many(sizes.storm, () => textOf(changeOf(named(plain(firsts)))));
  const again = [...storm, ...shuffled([...valid, ...unselected])].slice(0, sizes.sent - sizes.distinct);
  return { checkouts, changed, refused, texts: shuffled([...valid, ...refused, ...unselected, ...again]) };
};

const reportSchema = z.object({
  status: z.string(),
  deliveredAt: z.coerce.date().optional(),
  finishedAt: z.coerce.date(),
  notes: z.array(z.string()),
});

/** Sends the messages and checks their results. */
export const sendMany = (sizes: Sizes): void => {
  describe(`${sizes.sent} messages, a third of them duplicates, some malformed`, () => {
    let world: CheckoutWorld;
    let prepared: ReturnType<typeof prepareMessages>;
    beforeAll(async () => {
      world = await startCheckoutWorld({
        accounts: sizes.checkouts + sizes.changed + 30,
        configure: (config) => config.setIn(['syncs', NAMES.sync, 'select'], { systems: ['!hr-*'] }),
        rules: { [CONSOLES]: { delivers: 'ssh-ticket' } },
      });
      prepared = prepareMessages(world, sizes);
      expect(new Set(prepared.texts).size).toBe(sizes.distinct);
      for (let from = 0; from < sizes.sent; from += BATCH_SIZE) {
        await world.aws.queues.sendAs(SENDER, QUEUE, ...prepared.texts.slice(from, from + BATCH_SIZE));
        await world.aws.eventSources.drained(QUEUE);
        await world.settle(0.25);
      }
      while (await world.settle(5));
    }, TIMEOUT_MS);
    afterAll(() => world.close());

    const reportOf = async ({ checkout, id }: { checkout: string; id: string }) =>
      reportSchema.parse(await world.reportOf(id, checkout));
    /** The checkouts that nothing else interfered with. */
    const undisturbed = () => prepared.checkouts.filter(({ isAlone, isReleased }) => isAlone && !isReleased);

    it('start each requested checkout once, with the content of its message, and end it once', async () => {
      const started = world.executions('checkout').map(({ name, input, status }) => {
        const order = checkoutOrderSchema.parse(JSON.parse(input));
        const { principal, opening: _, ...message } = order;
        return [asParsed(message), principal.id, name === checkoutRun(order), status];
      });
      const expected = prepared.checkouts.map(({ message }) => [
        asParsed(message),
        roleIdOf(SENDER),
        true,
        'SUCCEEDED',
      ]);
      expect(started.toSorted()).toEqual(expected.toSorted());
      for (const { message, isReleased } of prepared.checkouts) {
        const { status, notes } = await reportOf(message);
        expect(isReleased ? ['released', 'cancelled'] : ['completed']).toContain(status);
        expect(notes).toEqual([]);
      }
    });

    it('open, read and check in each account of an undisturbed checkout once', () => {
      for (const { account, message } of undisturbed()) {
        const deliveryCall = message.checkout === CONSOLES ? 'Requests/{id}/Sessions' : 'Credentials/{id}';
        for (const call of ['Requests', deliveryCall, 'Requests/{id}/Checkin']) {
          expect([call, world.callsFor(call, account)]).toEqual([call, 1]);
        }
      }
    });

    it('let a checkout last until the latest of its extensions, in any order of arrival', async () => {
      for (const { message, extensions } of undisturbed()) {
        const { deliveredAt, finishedAt } = await reportOf(message);
        expect(finishedAt.getTime()).toBeGreaterThanOrEqual(Math.max(...extensions));
        expect(finishedAt.getTime()).toBeGreaterThan(Number(deliveredAt) + message.window.minutes * MINUTE_MS);
      }
    });

    it('start one release for each released checkout', () => {
      const released = prepared.checkouts
        .filter(({ isReleased }) => isReleased)
        .map(({ message: { checkout, id } }) => world.runOf(id, checkout));
      const started = world.executions('release').map(({ name, status }) => [name, status]);
      expect(started.toSorted()).toEqual(released.map((name) => [name, 'SUCCEEDED']).toSorted());
    });

    it('update changed accounts, with at most one read per run during a storm', () => {
      const runs = world.executions('sync');
      const values = Object.entries(world.aws.secretsManager.currentValues());
      for (const account of prepared.changed) {
        const name = `${NAMES.secretPrefix}${account.systemName}/`;
        const credential = world.credentialOf(account);
        expect(values.filter(([key, value]) => key.startsWith(name) && value.includes(credential))).toHaveLength(1);
        const reads = world.callsFor('Credentials/{id}', account);
        expect(reads).toBeGreaterThanOrEqual(1);
        expect(reads).toBeLessThanOrEqual(runs.length);
      }
      expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['SUCCEEDED']));
      expect(values.filter(([name]) => name.startsWith(NAMES.secretPrefix))).toHaveLength(sizes.changed);
    });

    it('are in the dead-letter queue when they are malformed, unchanged, each with its reason', async () => {
      const dead = await world.aws.queues.messages(`${QUEUE}-refused`);
      expect(dead.map(({ body }) => body).toSorted()).toEqual(prepared.refused.toSorted());
      for (const { attributes } of dead) expect(attributes['reason']).toMatch(/^MessageInvalid: \S+.*: .+; .+|must/);
      expect(new Set(dead.map(({ attributes }) => attributes['reason']?.split(';')[0])).size).toBe(malformed.length);
      expect(await world.aws.queues.depth(QUEUE)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    });

    it('leave nothing open and nothing delivered', async () => {
      expect(world.vault.openRequests()).toEqual([]);
      expect(world.vault.openSessions()).toEqual([]);
      expect(world.vault.sessions().filter(({ endedAt }) => endedAt === null)).toEqual([]);
      expect(await world.unclosedForGood()).toEqual([]);
      const left = Object.keys(world.aws.secretsManager.currentValues());
      expect(left.filter((name) => name.startsWith(`${RULE}/`) || name.startsWith(`${CONSOLES}/`))).toEqual([]);
      expect(world.aws.permissions.denials).toEqual([]);
      expect(world.aws.server.unknownCalls).toEqual([]);
      expect(await world.findLeaks()).toEqual([]);
    });
  });
};

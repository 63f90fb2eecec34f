import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { roleIdOf } from '#local/aws/principals.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES } from '#local/world.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { checkoutOrderSchema, messageSchema } from '#shared/messages/messages.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld } from '#test/support/checkout-world.ts';

/** How many messages of each kind are sent. */
export interface Sizes {
  readonly sent: number;
  readonly distinct: number;
  readonly malformed: number;
  readonly checkouts: number;
  /** So many of them want an account that another one has. */
  readonly second: number;
  readonly changed: number;
  readonly extensions: number;
  /** So often is the same account told of once more. */
  readonly storm: number;
}

const QUEUE = 'local-intake';
const SENDER = 'ticket-system';
/** The rule of checkouts that hand out a session. */
const CONSOLES = 'consoles';
const MINUTE_MS = 60_000;
/** As many messages as come in a quarter of a minute. */
const AT_ONCE = 250;
/** A minute on a machine of its own. */
const PATIENCE_MS = 600_000;

const named = ({ systemName, domainName, accountName }: FleetAccount) => ({
  systemName,
  accountName: domainName === null ? accountName : `${domainName}\\${accountName}`,
});

const requested = (n: number, account: FleetAccount, more: object = {}) => ({
  type: 'checkout.requested',
  checkout: n % 10 === 0 ? CONSOLES : RULE,
  id: `CHG-${n}`,
  items: [named(account)],
  // Not all end at the same time, because each would want a thread for itself.
  window: { minutes: 20 + n },
  reason: `Change ${n}`,
  ...more,
});

/** What nobody can act on; each kind leads to another reason. */
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

/** With its labels in the order of their names, whichever they were sent in. */
const asParsed = (message: unknown): string => JSON.stringify(messageSchema.parse(message));

const textOf = (message: unknown): string => (typeof message === 'string' ? message : JSON.stringify(message));

/** In any order, which is the same in each run. */
const shuffled = (texts: readonly string[]): string[] => {
  const orders = fc.shuffledSubarray([...texts], { minLength: texts.length });
  return fc.sample(orders, { seed: 4, numRuns: 1 }).flat();
};

const many = <T>(length: number, make: (n: number) => T): T[] => Array.from({ length }, (_, n) => make(n));

/** All that is sent, and what of it matters afterwards. */
const tell = ({ plain, clock }: CheckoutWorld, sizes: Sizes) => {
  const { checkouts: count, second } = sizes;
  const firsts = count - second;
  const checkouts = many(count, (n) => {
    const account = plain(n % firsts);
    const extendedTo = (minutes: number) => clock.now() + (50 + n + minutes) * MINUTE_MS;
    return {
      account,
      message: requested(n, account),
      isReleased: n % 3 === 0,
      /** Nobody else wants its account. */
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
  const leftAlone = many(sizes.distinct - valid.length - sizes.malformed, (n) =>
    textOf(changeOf({ systemName: `hr-${n}`, accountName: 'root' })),
  );
  const storm = many(sizes.storm, () => textOf(changeOf(named(plain(firsts)))));
  const again = [...storm, ...shuffled([...valid, ...leftAlone])].slice(0, sizes.sent - sizes.distinct);
  return { checkouts, changed, refused, texts: shuffled([...valid, ...refused, ...leftAlone, ...again]) };
};

const reportSchema = z.object({
  status: z.string(),
  deliveredAt: z.coerce.date().optional(),
  finishedAt: z.coerce.date(),
  notes: z.array(z.string()),
});

/** Sends so many messages, and looks at what has come of them. */
export const tellMany = (sizes: Sizes): void => {
  describe(`${sizes.sent} messages, a third of them duplicates, some malformed`, () => {
    let world: CheckoutWorld;
    let told: ReturnType<typeof tell>;
    beforeAll(async () => {
      world = await startCheckoutWorld({
        accounts: sizes.checkouts + sizes.changed + 30,
        configure: (config) => config.setIn(['syncs', NAMES.sync, 'select'], { systems: ['!hr-*'] }),
        rules: { [CONSOLES]: { handsOut: 'ssh-ticket' } },
      });
      told = tell(world, sizes);
      expect(new Set(told.texts).size).toBe(sizes.distinct);
      for (let from = 0; from < sizes.sent; from += AT_ONCE) {
        await world.aws.queues.sendAs(SENDER, QUEUE, ...told.texts.slice(from, from + AT_ONCE));
        await world.aws.eventSources.drained(QUEUE);
        await world.settle(0.25);
      }
      while (await world.settle(5));
    }, PATIENCE_MS);
    afterAll(() => world.close());

    const reportOf = async ({ checkout, id }: { checkout: string; id: string }) =>
      reportSchema.parse(await world.reportOf(id, checkout));
    /** The checkouts that nothing else came in the way of. */
    const undisturbed = () => told.checkouts.filter(({ isAlone, isReleased }) => isAlone && !isReleased);

    it('start a checkout once for each that asks for one, with what it said, and end it once', async () => {
      const started = world.executions('checkout').map(({ name, input, status }) => {
        const order = checkoutOrderSchema.parse(JSON.parse(input));
        const { principal, opening: _, ...message } = order;
        return [asParsed(message), principal.id, name === checkoutRun(order), status];
      });
      const expected = told.checkouts.map(({ message }) => [asParsed(message), roleIdOf(SENDER), true, 'SUCCEEDED']);
      expect(started.toSorted()).toEqual(expected.toSorted());
      for (const { message, isReleased } of told.checkouts) {
        const { status, notes } = await reportOf(message);
        expect(isReleased ? ['released', 'cancelled'] : ['completed']).toContain(status);
        expect(notes).toEqual([]);
      }
    });

    it('open, read and give back each account once for a checkout that nobody else is in the way of', () => {
      for (const { account, message } of undisturbed()) {
        const handedOut = message.checkout === CONSOLES ? 'Requests/{id}/Sessions' : 'Credentials/{id}';
        for (const call of ['Requests', handedOut, 'Requests/{id}/Checkin']) {
          expect([call, world.callsFor(call, account)]).toEqual([call, 1]);
        }
      }
    });

    it('let a checkout last until the latest of its extensions, in whatever order they came', async () => {
      for (const { message, extensions } of undisturbed()) {
        const { deliveredAt, finishedAt } = await reportOf(message);
        expect(finishedAt.getTime()).toBeGreaterThanOrEqual(Math.max(...extensions));
        expect(finishedAt.getTime()).toBeGreaterThan(Number(deliveredAt) + message.window.minutes * MINUTE_MS);
      }
    });

    it('release what was released, once', () => {
      const released = told.checkouts
        .filter(({ isReleased }) => isReleased)
        .map(({ message: { checkout, id } }) => world.runOf(id, checkout));
      const started = world.executions('release').map(({ name, status }) => [name, status]);
      expect(started.toSorted()).toEqual(released.map((name) => [name, 'SUCCEEDED']).toSorted());
    });

    it('bring changed accounts up to date, a storm of them by one read in half a minute at most', () => {
      const runs = world.executions('sync');
      const values = Object.entries(world.aws.secretsManager.currentValues());
      for (const account of told.changed) {
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

    it('lie in the dead-letter queue when they are malformed, unchanged, each with its reason', async () => {
      const dead = await world.aws.queues.messages(`${QUEUE}-refused`);
      expect(dead.map(({ body }) => body).toSorted()).toEqual(told.refused.toSorted());
      for (const { attributes } of dead) expect(attributes['reason']).toMatch(/^MessageInvalid: \S+.*: .+; .+|must/);
      expect(new Set(dead.map(({ attributes }) => attributes['reason']?.split(';')[0])).size).toBe(malformed.length);
      expect(await world.aws.queues.depth(QUEUE)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    });

    it('leave nothing open and nothing behind', async () => {
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

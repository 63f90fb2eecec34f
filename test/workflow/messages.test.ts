import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type LocalAws, startAws } from '#local/aws/aws.ts';
import { createClock } from '#local/aws/clock.ts';
import { synthesise } from '#local/synthesise.ts';
import { checkoutRun } from '#shared/messages.ts';

const SENT = 10_000;
const CHECKOUTS = 6200;
/** Half a minute on a machine of its own. */
const PATIENCE_MS = 300_000;

/** Machines that do nothing: what is looked at is that they are started. */
const DOES_NOTHING = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } });

const templateSchema = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.looseObject({}).default({}) })),
});

const withIdleMachines = (template: unknown): unknown => {
  const { Resources, ...rest } = templateSchema.parse(template);
  const idle = Object.entries(Resources).map(([id, resource]) => {
    if (resource.Type !== 'AWS::StepFunctions::StateMachine') return [id, resource];
    return [id, { ...resource, Properties: { ...resource.Properties, DefinitionString: DOES_NOTHING } }];
  });
  return { ...rest, Resources: Object.fromEntries(idle) };
};

const requested = (n: number, more: object = {}) => ({
  type: 'checkout.requested',
  checkout: 'changes',
  id: `CHG-${n}`,
  accounts: [{ system: `db-${n % 100}`, account: 'sa' }],
  window: { minutes: 30 },
  reason: `Change ${n}`,
  ...more,
});

/** What nobody can act on; each kind leads to another reason. */
const MALFORMED: readonly ((n: number) => unknown)[] = [
  (n) => `{"type":"checkout.requested","id":"${n}"`,
  (n) => requested(n, { checkout: 'other' }),
  (n) => requested(n, { window: { minutes: 100_000 } }),
  (n) => requested(n, { accounts: [] }),
  (n) => ({ type: 'credential.changed', connection: 'other', system: 'db-1', account: `a${n}` }),
  (n) => ({ type: 'checkout.closed', checkout: 'changes', id: `CHG-${n}` }),
  (n) => [n],
];

/** Text in an order that is neither that of the messages nor another one in the next run. */
const shuffled = (bodies: readonly string[]): string[] =>
  bodies
    .map((body, index) => ({ body, place: (index * 7919 + 104_729) % 99_991 }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ body }) => body);

const textOf = (message: unknown): string => (typeof message === 'string' ? message : JSON.stringify(message));

describe('ten thousand messages, a third of them duplicates, some malformed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pam-relay-messages-'));
  let aws: LocalAws;
  beforeAll(async () => {
    const { template, ...stack } = await synthesise('examples/tickets.yaml', directory);
    aws = await startAws({
      ...stack,
      template: withIdleMachines(template),
      clock: createClock(),
      runDirectory: directory,
      waitScale: 0,
    });
    const checkouts = Array.from({ length: CHECKOUTS }, (_, n) => requested(n));
    const malformed = Array.from({ length: 350 }, (_, n) => MALFORMED[n % MALFORMED.length]?.(n));
    const others = Array.from({ length: 50 }, (_, n) => ({
      type: 'checkout.released',
      checkout: 'changes',
      id: `CHG-${n}`,
    }));
    const once = [...checkouts, ...malformed, ...others];
    const twice = checkouts.slice(0, SENT - once.length);
    expect(twice.length).toBeGreaterThan(SENT / 3);
    await aws.queues.send('pam-relay-intake', ...shuffled([...once, ...twice].map(textOf)));
    await aws.eventSources.drained('pam-relay-intake');
  }, PATIENCE_MS);
  afterAll(async () => {
    await aws.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const startedOf = (machine: 'checkout' | 'release') =>
    aws.stepFunctions
      .list(`arn:aws:states:us-east-1:000000000000:stateMachine:pam-relay-${machine}`)
      .map(({ name, input }) => [name, input]);

  it('start a checkout once for each that is valid, with what it said', () => {
    const expected = Array.from({ length: CHECKOUTS }, (_, n) => [
      checkoutRun(requested(n)),
      JSON.stringify(requested(n)),
    ]);
    expect(startedOf('checkout').toSorted()).toEqual(expected.toSorted());
  });

  it('release what was released, once', () => {
    expect(startedOf('release')).toHaveLength(50);
  });

  it('lie in the dead-letter queue when they are malformed, unchanged, each with its reason', async () => {
    const dead = await aws.queues.messages('pam-relay-intake-refused');
    const expected = Array.from({ length: 350 }, (_, n) => textOf(MALFORMED[n % MALFORMED.length]?.(n)));
    expect(dead.map(({ body }) => body).toSorted()).toEqual(expected.toSorted());
    for (const { attributes } of dead) expect(attributes['reason']).toMatch(/^MessageInvalid: \S+.*: .+; .+|must/);
    expect(new Set(dead.map(({ attributes }) => attributes['reason']?.split(';')[0])).size).toBe(MALFORMED.length);
  });

  it('are gone from the queue, and no call was refused or unknown', async () => {
    expect(await aws.queues.depth('pam-relay-intake')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(aws.permissions.denials).toEqual([]);
    expect(aws.server.unknownCalls).toEqual([]);
  });
});

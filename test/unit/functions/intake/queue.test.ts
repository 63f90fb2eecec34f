import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createIntakeQueue, type FailedMessage } from '#functions/intake/queue/queue.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { RelayError } from '#shared/errors.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import type { StartSubject } from '#shared/provisioning/start-subject.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { memoryClaims, memoryRecords, memorySharedRecords, memorySignals, rulesOf } from '#test/support/fakes.ts';
import { addressOf, memoryExecutions, messageConfig } from '#test/support/messages.ts';

const NOW = Date.parse('2026-03-01T08:00:10Z');
const DAY_MS = 24 * 3_600_000;

/** Senders in the form of SQS: the id of a role, and the name of its session. */
const ALICE = 'AROA1234567890ALICE:alice';
const BOB = 'AROA1234567890BOBBY:bob';
/** May release checkouts of other senders. */
const DESK = 'AROA1234567890DESK0:desk';

const principalIn = (senderId: string) => ({ kind: 'aws', id: senderId.split(':')[0] ?? '' }) as const;

/** Identity of a checkout, fixed by the first message of a sender about an id. */
const identityOf = (id: string, senderId = ALICE, at = NOW) => ({
  checkout: 'tickets',
  id,
  principal: principalIn(senderId),
  opening: new Date(at).toISOString(),
});
const runOf = (...of: Parameters<typeof identityOf>): string => checkoutRun(identityOf(...of));

const requested = (id: string, more: object = {}) => ({
  type: 'checkout.requested',
  checkout: 'tickets',
  id,
  items: [{ accountName: 'sa', systemName: 'db-01' }],
  window: { minutes: 30 },
  reason: 'Restore the orders database',
  ...more,
});
const changed = (accountName: string, systemName = 'db-01') => ({
  type: 'credential.changed',
  connection: 'vault',
  item: { accountName, systemName },
});
const noted = (kind: 'released' | 'extended', id: string) => ({
  type: `checkout.${kind}`,
  checkout: 'tickets',
  id,
  ...(kind === 'extended' ? { until: '2026-03-01T10:00:00Z' } : {}),
});

const createScene = () => {
  const [signals, records] = [memorySignals(), memoryRecords()];
  const scene = {
    checkouts: memoryExecutions(),
    releases: memoryExecutions(),
    syncs: memoryExecutions(),
    rotations: memoryExecutions(),
    signals,
    records,
    refused: [] as { messageId: string; body: string; reason: string }[],
    measured: [] as { handled: number; refused: number }[],
    backoffs: [] as FailedMessage[],
    subjects: [] as Parameters<StartSubject>[],
    sharedRecords: memorySharedRecords(),
    now: NOW,
  };
  const machines = { sync: scene.syncs, checkout: scene.checkouts, release: scene.releases, rotate: scene.rotations };
  const shared = {
    rules: {
      ...messageConfig(),
      rotations: aRotationConfig({ senders: [principalIn(BOB).id] }).rotations,
      intake: {
        senders: [
          { role: 'arn:aws:iam::111122223333:role/bob', id: principalIn(BOB).id, mayRelease: false },
          { role: 'arn:aws:iam::111122223333:role/desk', id: principalIn(DESK).id, mayRelease: true },
        ],
        concurrency: 5,
      },
    },
    addressOf,
    rulesOf: async (rule: Parameters<typeof rulesOf>[0]) => rulesOf(rule),
    executionsOf: (machine: Machine) => {
      if (machine === 'provision' || machine === 'drift' || machine === 'export' || machine === 'directory')
        throw new Error(`The intake starts no ${machine}.`);
      return machines[machine];
    },
    startSubject: async (...started: Parameters<StartSubject>) => void scene.subjects.push(started),
    sharedRecords: scene.sharedRecords,
    signals,
    records,
    claims: memoryClaims(records, signals),
    now: () => scene.now,
  };
  const step = createIntakeQueue({
    ...shared,
    refuse: async ({ messageId, body }, { name, message }) => {
      scene.refused.push({ messageId, body, reason: `${name}: ${message}` });
    },
    onFailure: (message) => scene.backoffs.push(message),
    measure: async (count) => {
      scene.measured.push(count);
    },
  });
  let sent = 0;
  const receiveFrom = async (
    SenderId: string,
    bodies: readonly unknown[],
    { receiveCount = 1, sentAt = scene.now }: { receiveCount?: number; sentAt?: number } = {},
  ) => {
    const received = bodies.map((body) => ({
      messageId: `m${sent++}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: receiveCount, SenderId, SentTimestamp: sentAt },
    }));
    const { batchItemFailures } = await step({ Records: received });
    const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return received.filter(({ messageId }) => again.has(messageId)).map(({ body }) => body);
  };
  return Object.assign(scene, {
    receiveFrom,
    receive: (bodies: readonly unknown[], receiveCount = 1) => receiveFrom(ALICE, bodies, { receiveCount }),
    shared,
    /** Signals left for checkouts. */
    told: () => [...signals.keys].filter((key) => key.startsWith('checkouts/')),
    /** The checkouts whose release was started. */
    released: () => [...scene.releases.started.keys()],
  });
};

type Scene = ReturnType<typeof createScene>;

describe('a message that requests a checkout', () => {
  it('starts an execution named after its rule, id and sender, with the message and its sender as input', async () => {
    const scene = createScene();
    expect(await scene.receive([requested('CHG-7')])).toEqual([]);
    const input = JSON.stringify({
      ...requested('CHG-7'),
      principal: principalIn(ALICE),
      opening: new Date(NOW).toISOString(),
    });
    expect([...scene.checkouts.started]).toEqual([[runOf('CHG-7'), input]]);
    expect(scene.measured).toEqual([{ handled: 1, refused: 0 }]);
  });

  it('is done when it is repeated, whether the execution runs or has ended, and in any order of its fields', async () => {
    const scene = createScene();
    await scene.receive([requested('CHG-7')]);
    const { type, ...rest } = requested('CHG-7');
    await scene.receive([{ ...rest, type }]);
    scene.checkouts.end(runOf('CHG-7'));
    await scene.receive([requested('CHG-7')]);
    expect(scene.checkouts.started.size).toBe(1);
    expect(scene.refused).toEqual([]);
  });

  it('is refused if its id was used for another checkout, even by an earlier version of the relay', async () => {
    const scene = createScene();
    scene.checkouts.started.set(runOf('CHG-8'), '{"ticket":8}');
    await scene.receive([requested('CHG-7')]);
    expect(await scene.receive([requested('CHG-7', { reason: 'Another' }), requested('CHG-8')])).toEqual([]);
    expect(scene.refused.map(({ reason }) => reason)).toEqual([
      'MessageInvalid: id: CHG-7 was used for another checkout of tickets; use a new id',
      'MessageInvalid: id: CHG-8 was used for another checkout of tickets; use a new id',
    ]);
  });

  it('is refused if its window is over, unless it was accepted before', async () => {
    const scene = createScene();
    const until = (id: string) => requested(id, { window: { until: new Date(NOW + 60_000).toISOString() } });
    await scene.receive([until('CHG-7')]);
    scene.now += 60_000;
    expect(await scene.receive([until('CHG-7'), until('CHG-8')])).toEqual([]);
    expect([...scene.checkouts.started.keys()]).toEqual([runOf('CHG-7')]);
    expect(scene.refused).toMatchObject([
      {
        messageId: 'm2',
        reason: 'MessageInvalid: window.until: is in the past; send the request again with a later time',
      },
    ]);
  });

  it('comes again while Step Functions does not show the execution with its name', async () => {
    const scene = createScene();
    await scene.receive([requested('CHG-7')]);
    scene.checkouts.end(runOf('CHG-7'));
    scene.checkouts.hide(runOf('CHG-7'));
    expect(await scene.receive([requested('CHG-7')])).toEqual([JSON.stringify(requested('CHG-7'))]);
  });
});

describe('a message about a checkout', () => {
  it('leaves one signal, even if it is repeated', async () => {
    const scene = createScene();
    await scene.receive([noted('extended', '7'), noted('extended', '7')]);
    expect(scene.told()).toEqual([`checkouts/tickets/${runOf('7')}/extended-${Date.parse('2026-03-01T10:00:00Z')}`]);
  });

  it('leaves the released signal before it starts the release, and starts it once', async () => {
    const scene = createScene();
    scene.releases.fail(new RelayError('StoreUnavailable', 'throttled'));
    expect(await scene.receive([noted('released', '7')])).toHaveLength(1);
    expect(scene.told()).toEqual([`checkouts/tickets/${runOf('7')}/released`]);
    scene.releases.fail(undefined);
    expect(await scene.receive([noted('released', '7'), noted('released', '7')])).toEqual([]);
    const input = JSON.stringify({ ...noted('released', '7'), run: runOf('7'), principal: principalIn(ALICE) });
    expect([...scene.releases.started]).toEqual([[runOf('7'), input]]);
  });
});

describe('an id', () => {
  const NOT_THEIRS = expect.stringMatching(/^MessageInvalid: id: belongs to another sender; /);

  it('used by two senders identifies one checkout of each', async () => {
    const scene = createScene();
    await scene.receiveFrom(ALICE, [requested('7')]);
    await scene.receiveFrom(BOB, [requested('7', { reason: 'Look around' })]);
    expect([...scene.checkouts.started.keys()]).toEqual([runOf('7', ALICE), runOf('7', BOB)]);
    expect(scene.refused).toEqual([]);
  });

  it('belongs to the role, in any of its sessions', async () => {
    const scene = createScene();
    await scene.receive([requested('7')]);
    await scene.receiveFrom('AROA1234567890ALICE:another-session', [requested('7'), noted('released', '7')]);
    expect([...scene.checkouts.started.keys(), ...scene.released()]).toEqual([runOf('7'), runOf('7')]);
  });

  it('is fixed by the first message, and identifies the same checkout in all later messages', async () => {
    const scene = createScene();
    await scene.receive([noted('extended', '7')]);
    scene.now += DAY_MS;
    await scene.receive([noted('released', '7')]);
    scene.now += DAY_MS;
    await scene.receive([requested('7')]);
    expect(scene.told().every((key) => key.startsWith(`checkouts/tickets/${runOf('7')}/`))).toBe(true);
    expect([...scene.checkouts.started.keys(), ...scene.released()]).toEqual([runOf('7'), runOf('7')]);
  });

  it('identifies one checkout in messages that arrive together', async () => {
    const scene = createScene();
    await scene.receive([noted('released', '7'), requested('7'), noted('extended', '7'), requested('7')]);
    expect([...scene.checkouts.started.keys(), ...scene.released()]).toEqual([runOf('7'), runOf('7')]);
  });

  it.each(['released', 'extended'] as const)(
    'cannot be %s by another sender, who learns nothing about it',
    async (kind) => {
      const scene = createScene();
      await scene.receive([requested('7', { reason: 'canary' })]);
      await scene.receiveFrom(BOB, [noted(kind, '7')]);
      expect(scene.refused).toMatchObject([{ reason: NOT_THEIRS }]);
      expect(JSON.stringify(scene.refused)).not.toMatch(/canary|AROA|db-01/);
      expect([...scene.told(), ...scene.released()].filter((place) => place.includes(runOf('7')))).toEqual([]);
    },
  );

  it('can be released early even if another sender used it first', async () => {
    const scene = createScene();
    await scene.receiveFrom(BOB, [requested('7')]);
    await scene.receive([noted('released', '7'), requested('7')]);
    expect(scene.told()).toEqual([`checkouts/tickets/${runOf('7')}/released`]);
    expect(scene.released()).toEqual([runOf('7')]);
  });

  it('can be opened even if another sender released it before the request', async () => {
    const scene = createScene();
    await scene.receiveFrom(BOB, [noted('released', '7')]);
    await scene.receive([requested('7')]);
    expect([...scene.checkouts.started.keys()]).toEqual([runOf('7')]);
    expect(scene.told()).toEqual([`checkouts/tickets/${runOf('7', BOB)}/released`]);
    expect(scene.refused).toEqual([]);
  });

  it('is released for all its users by a privileged sender, and extended only by its own sender', async () => {
    const scene = createScene();
    await scene.receiveFrom(ALICE, [requested('7')]);
    await scene.receiveFrom(BOB, [requested('7')]);
    await scene.receiveFrom(DESK, [noted('released', '7'), noted('extended', '7')]);
    const runs = [runOf('7', ALICE), runOf('7', BOB)].toSorted();
    expect(scene.released().toSorted()).toEqual([...runs, runOf('7', DESK)].toSorted());
    const ofItself = ['extended-', 'released'].map((note) => expect.stringContaining(`/${runOf('7', DESK)}/${note}`));
    expect(scene.told().toSorted()).toEqual([...ofItself, ...runs.map((run) => `checkouts/tickets/${run}/released`)]);
    expect(scene.refused).toMatchObject([{ reason: NOT_THEIRS }]);
  });

  it.each(['requested', 'released', 'extended'] as const)(
    'can be released early by a privileged sender even if another sender has first %s it',
    async (kind) => {
      const scene = createScene();
      await scene.receiveFrom(BOB, [kind === 'requested' ? requested('7') : noted(kind, '7')]);
      await scene.receiveFrom(DESK, [noted('released', '7'), requested('7')]);
      expect([...scene.checkouts.started.keys()]).toContain(runOf('7', DESK));
      expect(scene.told()).toContain(`checkouts/tickets/${runOf('7', DESK)}/released`);
    },
  );

  it.each([
    [
      'again after that checkout ended',
      async (scene: Scene) => scene.checkouts.end(runOf('7', DESK), scene.now + 60_000),
    ],
    [
      'again after its release could not be started',
      async (scene: Scene) => scene.checkouts.end(runOf('7', DESK), scene.now),
    ],
  ])("of a privileged sender still identifies the sender's own checkout if the release comes %s", async (_, end) => {
    const scene = createScene();
    await scene.receive([requested('7')]);
    await scene.receiveFrom(DESK, [requested('7')]);
    const sentAt = scene.now;
    await scene.receiveFrom(DESK, [noted('released', '7')], { sentAt });
    await end(scene);
    scene.now += 120_000;
    await scene.receiveFrom(DESK, [noted('released', '7')], { sentAt, receiveCount: 2 });
    expect(scene.told()).toEqual([`checkouts/tickets/${runOf('7', DESK)}/released`]);
  });

  it.each(['released', 'extended'] as const)(
    'is refused each time that another sender tries to have it %s',
    async (kind) => {
      const scene = createScene();
      await scene.receive([requested('7')]);
      await scene.receiveFrom(BOB, [noted(kind, '7')]);
      await scene.receiveFrom(BOB, [noted(kind, '7')], { receiveCount: 2 });
      expect(scene.refused).toMatchObject([{ reason: NOT_THEIRS }, { reason: NOT_THEIRS }]);
    },
  );

  it('used up by a privileged sender is released by it for another sender that uses it now', async () => {
    const scene = createScene();
    await scene.receiveFrom(DESK, [requested('7')]);
    scene.checkouts.end(runOf('7', DESK));
    await scene.receive([requested('7')]);
    await scene.receiveFrom(DESK, [noted('released', '7')]);
    expect(scene.released()).toContain(runOf('7'));
  });

  it("names a privileged sender's own checkout first, unless that sender has only announced a release", async () => {
    const scene = createScene();
    await scene.receiveFrom(DESK, [requested('own'), noted('released', 'early')]);
    await scene.receive([requested('own'), requested('early')]);
    await scene.receiveFrom(DESK, [noted('released', 'own'), noted('released', 'early')]);
    expect(scene.released().toSorted()).toEqual(
      [runOf('own', DESK), runOf('early', DESK), runOf('early', ALICE)].toSorted(),
    );
  });

  it('stays used up, even once the name of its execution is free again', async () => {
    const scene = createScene();
    await scene.receive([requested('7')]);
    scene.checkouts.started.clear();
    scene.now += 90 * DAY_MS;
    expect(await scene.receive([requested('7')])).toEqual([]);
    expect(scene.checkouts.started.size).toBe(0);
    expect(scene.refused).toMatchObject([
      { reason: 'MessageInvalid: id: 7 was already used for a checkout of tickets; use a new id' },
    ]);
  });

  it('of a long-running checkout is not refused if its message comes again', async () => {
    const scene = createScene();
    await scene.receive([requested('7')]);
    scene.now += 100 * DAY_MS;
    await scene.receive([requested('7')]);
    expect([scene.refused, scene.checkouts.started.size]).toEqual([[], 1]);
  });

  it('has no owner if SQS does not name the sender of the message', async () => {
    const scene = createScene();
    expect(await scene.receiveFrom('', [requested('7'), noted('released', '7'), changed('sa')])).toEqual([]);
    expect(scene.refused).toHaveLength(2);
    for (const { reason } of scene.refused) expect(reason).toContain('has no SenderId');
    expect([scene.checkouts.started.size, scene.told(), scene.measured]).toEqual([0, [], [{ handled: 1, refused: 2 }]]);
  });
});

describe('messages about changed credentials', () => {
  const syncRun = (sync: string) => `${sync}.changed-20260301T080030Z`;
  const namedFor = (scene: ReturnType<typeof createScene>, sync: string) =>
    [...scene.records.objects]
      .filter(([key]) => key.startsWith(`named/${sync}/${syncRun(sync)}/`))
      .map(([, text]) => JSON.parse(text));

  it('share one run per sync in each half minute, which starts reading after the half minute', async () => {
    const scene = createScene();
    await scene.receive([changed('sa'), changed('sa'), changed('app')]);
    scene.now += 19_999;
    await scene.receive([changed('sa'), changed('backup')]);
    expect([...scene.syncs.started.keys()].toSorted()).toEqual([syncRun('databases'), syncRun('everything')]);
    expect(JSON.parse(scene.syncs.started.get(syncRun('databases')) ?? '')).toEqual({
      sync: 'databases',
      items: 'named',
      waitSeconds: 22,
    });
    expect(namedFor(scene, 'databases')).toEqual([
      { systemName: 'db-01', accountName: 'sa' },
      { systemName: 'db-01', accountName: 'app' },
      { systemName: 'db-01', accountName: 'backup' },
    ]);
    scene.now += 1;
    await scene.receive([changed('sa')]);
    expect(scene.syncs.started.has('databases.changed-20260301T080100Z')).toBe(true);
  });

  it('start the syncs of items whose hold a message ends, after the end of the hold', async () => {
    const scene = createScene();
    const rules = { ...messageConfig({ syncs: ['databases'] }), rotations: aRotationConfig().rotations };
    const place = holdsAt(rules, 'vault');
    const testFailed = {
      rule: 'weekly',
      run: 'weekly.1',
      changedAt: '2026-01-01T00:00:00Z',
      notified: true,
      released: false,
    };
    const entryOf = (accountName: string) => ({
      ...{ title: accountName, labels: { systemName: 'db-01', accountName, domainName: '' }, testFailed },
    });
    const entries = { 'account:1': entryOf('sa'), 'account:2': entryOf('ops') };
    await scene.sharedRecords.replace(place, { writes: 1, entries }, 'absent');
    const held = async () =>
      Object.values((await scene.sharedRecords.read(place))?.record.entries ?? {}).flatMap((entry) =>
        entry.testFailed?.released ? [] : entry.title,
      );
    const atStart: unknown[] = [];
    const { write } = scene.records;
    scene.records.write = async (...written) => {
      atStart.push(await held());
      await write(...written);
    };
    const refuse = vi.fn(async () => {});
    const step = createIntakeQueue({ ...scene.shared, rules, refuse, onFailure: () => {}, measure: async () => {} });
    const release = (rotation: string, items: readonly unknown[]) =>
      step({
        Records: [
          {
            messageId: '1',
            body: JSON.stringify({ type: 'hold.released', rotation, id: 'r1', items }),
            attributes: { ApproximateReceiveCount: 1, SenderId: ALICE, SentTimestamp: scene.now },
          },
        ],
      });
    await release('weekly', [{ systemName: 'DB-01', accountName: 'sa' }]);
    expect(refuse).not.toHaveBeenCalled();
    expect(atStart).toEqual([['ops']]);
    expect(scene.syncs.started.size).toBe(1);
    await release('other', [{ systemName: 'db-01', accountName: 'ops' }]);
    await release('weekly', [{ accountName: 'ops' }]);
    expect(refuse).toHaveBeenCalledTimes(2);
    expect(await held()).toEqual(['ops']);
    // Another rule of the vault, which takes messages of everybody, is no way around the senders of the first one.
    const { weekly } = rules.rotations;
    if (weekly === undefined) throw new Error('There is no rule.');
    Object.assign(rules.rotations, { weekly: { ...weekly, senders: [principalIn(BOB).id] }, open: weekly });
    await release('open', [{ systemName: 'db-01', accountName: 'ops' }]);
    expect(refuse).toHaveBeenCalledTimes(3);
    expect(await held()).toEqual(['ops']);
  });

  it('go to the next run if the half minute ended before they were recorded', async () => {
    const scene = createScene();
    const { write } = scene.records;
    scene.records.write = async (place, record) => {
      await write(place, record);
      scene.now = Math.max(scene.now, NOW + 20_000);
    };
    const late = createIntakeQueue({
      ...scene.shared,
      rules: messageConfig({ syncs: ['databases'] }),
      refuse: async () => {},
      onFailure: () => {},
      measure: async () => {},
    });
    await late({
      Records: [
        {
          messageId: '1',
          body: JSON.stringify(changed('sa')),
          attributes: { ApproximateReceiveCount: 1, SenderId: ALICE, SentTimestamp: scene.now },
        },
      ],
    });
    expect([...scene.syncs.started.keys()]).toEqual(['databases.changed-20260301T080100Z']);
    const [last] = [...scene.records.objects.keys()].toReversed();
    expect(last).toContain('named/databases/databases.changed-20260301T080100Z/');
  });

  it('start only syncs that may select the item, by its name with or without domain, or by any principal name', async () => {
    const scene = createScene();
    await scene.receive([changed('CORP\\svc-1', 'web-01')]);
    await scene.receive([changed('other', 'web-01')]);
    expect(namedFor(scene, 'services')).toEqual([{ systemName: 'web-01', accountName: 'CORP\\svc-1' }]);
    expect(scene.syncs.started.has(syncRun('databases'))).toBe(false);
    expect(namedFor(scene, 'everything')).toHaveLength(2);
    await scene.receive([changed('one@corp.example', 'web-01')]);
    expect(namedFor(scene, 'services')).toHaveLength(2);
    expect(scene.syncs.started.has(syncRun('databases'))).toBe(false);
  });
});

describe('a message that cannot be acted on', () => {
  it('is put aside unchanged, with the reason, and its neighbours are handled', async () => {
    const scene = createScene();
    const bodies = ['{', '[]', '"x"', requested('1'), { type: 'checkout.asked' }, '', noted('released', '1')];
    expect(await scene.receive(bodies)).toEqual([]);
    expect(scene.refused).toEqual([
      { messageId: 'm0', body: '{', reason: 'MessageInvalid: the whole message: is not JSON; send one JSON object' },
      {
        messageId: 'm1',
        body: '[]',
        reason: 'MessageInvalid: the whole message: must be a map, not a list; write pairs of key: value',
      },
      {
        messageId: 'm2',
        body: '"x"',
        reason: 'MessageInvalid: the whole message: must be a map, not text; write pairs of key: value',
      },
      expect.objectContaining({ messageId: 'm4', reason: expect.stringContaining('type: is not known') }),
      expect.objectContaining({ messageId: 'm5' }),
    ]);
    expect(scene.checkouts.started.size).toBe(1);
    expect(scene.releases.started.size).toBe(1);
    expect(scene.measured).toEqual([{ handled: 2, refused: 5 }]);
  });

  it('comes again if it cannot be put aside', async () => {
    const scene = createScene();
    const step = createIntakeQueue({
      ...scene.shared,
      refuse: () => Promise.reject(new RelayError('StoreUnavailable', 'full')),
      onFailure: () => {},
      measure: async () => {},
    });
    expect(
      await step({
        Records: [
          { messageId: '1', body: '{', attributes: { ApproximateReceiveCount: 9, SenderId: ALICE, SentTimestamp: 0 } },
        ],
      }),
    ).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  });
});

describe('a message after a temporary failure', () => {
  it('comes again until its last receive', async () => {
    const scene = createScene();
    scene.checkouts.fail(new RelayError('StoreUnavailable', 'Step Functions did not start tickets.1'));
    expect(await scene.receive([requested('1'), changed('sa')], MAX_RECEIVES - 1)).toHaveLength(1);
    expect(scene.refused).toEqual([]);
    expect(await scene.receive([requested('1')], MAX_RECEIVES)).toEqual([]);
    expect(scene.refused).toMatchObject([{ reason: 'StoreUnavailable: Step Functions did not start tickets.1' }]);
    expect(scene.backoffs.map(({ rule }) => rule)).toEqual(['tickets', 'tickets']);
  });

  it('is put aside as Unexpected, without the text of the error, if the error is not ours', async () => {
    const scene = createScene();
    scene.checkouts.fail(new Error('something with a value in it'));
    await scene.receive([requested('1')], MAX_RECEIVES);
    expect(scene.refused).toMatchObject([{ reason: expect.stringMatching(/^Unexpected: Handling a message failed/) }]);
    expect(scene.refused[0]?.reason).not.toContain('value');
  });
});

type Sent = { readonly body: unknown; readonly id: string | undefined };

const valid: fc.Arbitrary<Sent> = fc.nat(20).map((id) => ({ body: requested(`CHG-${id}`), id: `CHG-${id}` }));
const malformed: fc.Arbitrary<Sent> = fc
  .oneof(
    fc.string(),
    fc.json(),
    fc.nat(20).map((id) => requested(`CHG-${id}`, { checkout: 'unknown' })),
    fc.nat(20).map((id) => requested(`CHG-${id}`, { window: { minutes: 99_999 } })),
    fc.nat(20).map((id) => requested(`CHG-${id}`, { surplus: 1 })),
  )
  .map((body) => ({ body, id: undefined }));

describe('any mix of messages, duplicates, malformed ones and failures', () => {
  it('starts each valid one once, puts each malformed one aside once, and loses none', async () => {
    const mix = fc.array(fc.oneof({ weight: 2, arbitrary: valid }, malformed), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(mix, fc.infiniteStream(fc.nat(3)), async (messages, dice) => {
        const scene = createScene();
        scene.checkouts.fail(() =>
          dice.next().value === 0 ? new RelayError('StoreUnavailable', 'throttled') : undefined,
        );
        let queue = messages.map(({ body }) => (typeof body === 'string' ? body : JSON.stringify(body)));
        while (queue.length > 0) {
          const again = await scene.receive(queue.slice(0, 10));
          queue = [...queue.slice(10), ...again];
        }
        const wanted = new Set(messages.flatMap(({ id }) => (id === undefined ? [] : [runOf(id)])));
        expect(new Set(scene.checkouts.started.keys())).toEqual(wanted);
        expect(scene.refused).toHaveLength(messages.filter(({ id }) => id === undefined).length);
        for (const { reason } of scene.refused) expect(reason).toMatch(/^MessageInvalid: ./);
      }),
    );
  });
});

describe('a message that requests a rotation', () => {
  const asked = { type: 'rotation.requested', rotation: 'weekly', id: 'INC1', systems: ['db-*'] };

  it('starts one execution with what it selects, and is refused from anyone but the senders of the rule', async () => {
    const scene = createScene();
    expect(await scene.receiveFrom(ALICE, [asked])).toEqual([]);
    expect(scene.refused.map(({ reason }) => reason)).toEqual([
      'MessageInvalid: rotation: takes no messages of this sender; send it as one of the senders of the rule, or add the sender: rotations.weekly.senders: [AROA1234567890ALICE]',
    ]);
    expect([...scene.rotations.started]).toEqual([]);
    await scene.receiveFrom(BOB, [asked, asked, { ...asked, systems: ['web-*'] }]);
    expect([...scene.rotations.started.values()].map((input) => JSON.parse(input))).toEqual([
      {
        rule: 'weekly',
        trigger: 'message',
        requestedBy: { id: 'INC1', sender: principalIn(BOB).id },
        systems: ['db-*'],
      },
    ]);
  });
});

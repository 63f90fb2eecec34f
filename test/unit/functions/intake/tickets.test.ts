import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShapeOf } from '#test/support/configs.ts';
import { at, body, config, createScene, HOUR, NOW } from '#test/support/ticket-scene.ts';

/** `extensionMinutes` of the rule. */
const EXTENSION = 60 * 60_000;

describe('the state of a ticket', () => {
  it('requests the checkout of its rule as the route, with its number', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    expect(scene.refused).toEqual([]);
    expect(scene.requested()).toEqual([
      {
        type: 'checkout.requested',
        checkout: 'changes',
        id: 'CHG1.1',
        items: [{ accountName: 'sa', systemName: 'db-01' }],
        window: { from: at(-HOUR), until: at(HOUR) },
        reason: 'Patch',
        ticket: 'CHG1',
        principal: { kind: 'route', id: 'snow' },
        opening: at(0),
      },
    ]);
  });

  it('that is refused is told to its ticket, each reason once', async () => {
    const scene = createScene();
    await scene.receive(body(1, { system: '' }));
    await scene.receive(body(2, { system: '' }));
    await scene.receive(body(3, { until: 'soon' }));
    await scene.receive(body(4));
    const keys = new Set(scene.told.map(({ key }) => key));
    expect([scene.refused.length, keys.size]).toEqual([3, 2]);
    expect(scene.told[0]).toMatchObject({ route: 'snow', number: 'CHG1', text: expect.stringContaining('/system') });
  });

  it('costs nothing when it is repeated', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    const writes = JSON.stringify([...scene.tickets.states]);
    await scene.receive(body(1));
    expect(JSON.stringify([...scene.tickets.states])).toBe(writes);
    expect(scene.requested()).toHaveLength(1);
  });

  it.each<[string, readonly object[], readonly object[]]>([
    ['closed', [body(1), body(2, { state: 'done' })], []],
    ['opened again', [body(1), body(2, { state: 'done' }), body(3)], [{ id: 'CHG1.2' }]],
    ['moved', [body(1, { from: at(1) }), body(2, { from: at(2) })], [{ id: 'CHG1.2' }]],
    ['shortened', [body(1), body(2, { until: at(60_000) })], [{ id: 'CHG1.1', until: NOW + 60_000 }]],
    ['extended', [body(1), body(2, { until: at(2 * HOUR) })], [{ id: 'CHG1.1', until: NOW + 2 * HOUR }]],
    [
      'shortened, and then extended',
      [body(1), body(2, { state: 'sooner', until: at(60_000) }), body(3, { state: 'later', until: at(120_000) })],
      [{ id: 'CHG1.1', until: NOW + 120_000 }],
    ],
    ['shortened into the past', [body(1), body(2, { until: at(-1) })], []],
    ['for other items', [body(1), body(2, { system: 'db-02' })], [{ id: 'CHG1.2', items: [{ systemName: 'db-02' }] }]],
  ])('that is %s leads to its access', async (_what, states, access) => {
    const scene = createScene();
    for (const state of states) await scene.receive(state);
    expect(scene.refused).toEqual([]);
    expect(scene.access()).toMatchObject(access);
    expect(scene.access()).toHaveLength(access.length);
  });

  it.each<[string, object, string]>([
    ['with a window that is too long', body(1, { until: at(9 * HOUR) }), 'its window is longer than the 480 minutes'],
    ['whose item has no address', body(1, { system: 'bad' }), 'its account is bad'],
  ])('%s is refused with a reason for its owner', async (_what, state, reason) => {
    const scene = createScene();
    await scene.receive(state);
    expect(scene.refused).toEqual([expect.stringContaining(reason)]);
    expect(scene.checkouts.started.size).toBe(0);
  });

  it('that is old opens nothing if its signature covers no time, but closes', async () => {
    const scene = createScene();
    const replay = { route: 'jira', signed: false, receivedAt: NOW + 25 * HOUR };
    await scene.receive(body(1), replay);
    expect(scene.refused).toEqual([expect.stringContaining('is from more than 24 hours ago')]);
    await scene.receive(body(1), { ...replay, receivedAt: NOW });
    expect(scene.access()).toHaveLength(1);
    await scene.receive(body(2, { state: 'done' }), replay);
    expect(scene.access()).toEqual([]);
  });

  it('from the future opens nothing, so that it cannot keep a close out', async () => {
    const scene = createScene();
    await scene.receive(body(1, { at: NOW + 10 * 60_000 }), { route: 'jira', signed: false });
    expect(scene.refused).toEqual([expect.stringContaining('the time of its state is in the future')]);
    await scene.receive(body(2, { at: NOW + 1 }), { route: 'jira', signed: false });
    expect(scene.access()).toHaveLength(1);
    await scene.receive(body(3, { at: NOW + 2, state: 'done' }), { route: 'jira', signed: false });
    expect(scene.access()).toEqual([]);
  });

  it('that is refused keeps out older ones', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    await scene.receive(body(5, { system: '' }));
    await scene.receive(body(3, { system: 'db-09' }));
    expect(scene.access()).toMatchObject([{ id: 'CHG1.1', items: [{ systemName: 'db-01' }] }]);
  });

  it('is closed although another route uses its number', async () => {
    const scene = createScene();
    await scene.receive(body(1), { route: 'jira', signed: false });
    // Its own checkout was never started.
    scene.breakCall(0);
    expect(await scene.receive(body(1))).toBe(true);
    await scene.receive(body(2, { state: 'done' }));
    expect(scene.refused).toEqual([]);
    expect(scene.access()).toHaveLength(1);
  });

  it('of a route that was removed, and a message of another sender, are refused', async () => {
    const scene = createScene();
    await scene.receive(body(1), { route: 'constructor' });
    expect(scene.refused).toEqual([expect.stringContaining('is not under webhooks in relay.yaml')]);
  });
});

describe('the states of many tickets', () => {
  const kind = fc.constantFrom('approved', 'done', 'sooner', 'later', 'ignored');
  const states = fc.array(
    fc.record({ ticket: fc.integer({ min: 1, max: 3 }), state: kind, until: fc.integer({ min: -1, max: 3 }) }),
    { maxLength: 8 },
  );

  it('lead to the same access whatever fails, and in whatever order and number they arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        states.chain((all) => {
          const sent = all.map(({ ticket, state, until }, index) =>
            body(index + 1, { key: `T${ticket}`, state, until: at(until * HOUR) }),
          );
          const arrived = fc.shuffledSubarray([...sent, ...sent, ...sent], { minLength: 3 * sent.length });
          return fc.tuple(fc.constant(sent), arrived, fc.nat({ max: 20 }));
        }),
        async ([sent, arrived, failing]) => {
          const accessAfter = async (all: readonly object[], broken: number | undefined) => {
            const scene = createScene();
            scene.breakCall(broken);
            for (const state of all) if (await scene.receive(state)) await scene.receive(state);
            expect(scene.refused).toEqual([]);
            return scene.access().map(({ id, items, until }) => [id.split('.')[0], items, until]);
          };
          const sorted = (access: unknown[]) => access.map((one) => JSON.stringify(one)).toSorted();
          expect(sorted(await accessAfter(arrived, failing))).toEqual(sorted(await accessAfter(sent, undefined)));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a ticket whose window begins later than one execution can wait', () => {
  const DAY = 24 * HOUR;
  const far = (count: number, days: number, more: Readonly<Record<string, unknown>> = {}) =>
    body(count, { from: at(days * DAY), until: at(days * DAY + HOUR), ...more });
  const held = (scene: ReturnType<typeof createScene>) =>
    [...scene.signals.keys].filter((key) => key.startsWith('held/'));

  it('is held, and requested once an execution can wait', async () => {
    const scene = createScene();
    await scene.receive(far(1, 200));
    expect([scene.requested(), held(scene)]).toEqual([[], ['held/snow/CHG1']]);
    scene.now = NOW + 100 * DAY;
    await scene.wake();
    expect([scene.requested(), held(scene)]).toEqual([[], ['held/snow/CHG1']]);
    scene.now = NOW + 141 * DAY;
    await scene.wake();
    expect(scene.requested()).toMatchObject([{ id: 'CHG1.1', window: { from: at(200 * DAY) } }]);
    expect(held(scene)).toEqual([]);
    expect(scene.refused).toEqual([]);
  });

  it.each([
    ['closed before then', far(2, 200, { state: 'done' }), []],
    ['moved to a later window', far(2, 300), []],
    ['shortened', far(2, 200, { until: at(200 * DAY + HOUR / 2) }), [{ until: NOW + 200 * DAY + HOUR / 2 }]],
    ['extended', far(2, 200, { until: at(200 * DAY + HOUR + 60_000) }), [{ until: NOW + 200 * DAY + HOUR + 60_000 }]],
  ])('has the access of its latest state, if it was %s', async (_what, state, access) => {
    const scene = createScene();
    await scene.receive(far(1, 200));
    await scene.receive(state);
    scene.now = NOW + 141 * DAY;
    await scene.wake();
    expect(scene.access()).toMatchObject(access);
    expect(scene.access()).toHaveLength(access.length);
  });

  it('survives an outage, and is requested by a later message', async () => {
    const scene = createScene();
    await scene.receive(far(1, 200));
    scene.now = NOW + 141 * DAY;
    scene.failEvery(1);
    for (let day = 0; day < 3; day++) await scene.wake();
    expect([scene.requested(), held(scene)]).toEqual([[], ['held/snow/CHG1']]);
    scene.failEvery(Number.POSITIVE_INFINITY);
    await scene.wake();
    expect([scene.requested().length, held(scene)]).toEqual([1, []]);
  });

  it('stays held if a state holds it again just before its mark is removed', async () => {
    const scene = createScene();
    await scene.receive(far(1, 200));
    scene.now = NOW + 141 * DAY;
    scene.beforeRemoval = () => scene.receive(far(2, 300));
    await scene.wake();
    expect(held(scene)).toEqual(['held/snow/CHG1']);
    scene.now = NOW + 241 * DAY;
    await scene.wake();
    expect(scene.access()).toMatchObject([{ id: 'CHG1.2', until: NOW + 300 * DAY + HOUR }]);
  });

  it.each([
    ['is not in relay.yaml any more', {}],
    ['uses another rule', { snow: { ...config.webhooks['snow'], checkout: 'others' } }],
  ])('is not requested if its route %s', async (_what, webhooks) => {
    const scene = createScene();
    await scene.receive(far(1, 200));
    scene.config = parseShapeOf({ ...config, webhooks });
    scene.now = NOW + 141 * DAY;
    await scene.wake();
    expect([scene.access(), held(scene)]).toEqual([[], []]);
  });

  it('is opened at once if it is moved to now', async () => {
    const scene = createScene();
    await scene.receive(far(1, 200));
    await scene.receive(body(2));
    await scene.wake();
    expect(scene.access()).toMatchObject([{ id: 'CHG1.2' }]);
    expect(held(scene)).toEqual([]);
  });

  it('is refused if it is planned more than a year ahead', async () => {
    const scene = createScene();
    await scene.receive(far(1, 366));
    expect(scene.refused).toEqual([expect.stringContaining('begins in more than 365 days')]);
  });
});

describe('what an author of tickets cannot do', () => {
  it.each([
    ['other cases of the same names', body(2, { system: 'DB-01', until: at(3 * HOUR) })],
    ['a plain edit', body(2, { until: at(3 * HOUR) })],
  ])('is extend an access beyond the limit by %s', async (_how, edited) => {
    const scene = createScene();
    await scene.receive(body(1));
    await scene.receive(edited);
    expect(scene.access()).toMatchObject([{ id: 'CHG1.1', until: NOW + HOUR + EXTENSION }]);
  });

  it('is extend an access beyond the limit by another account', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    await scene.receive(body(2, { system: 'db-02', until: at(5 * HOUR) }));
    expect(scene.access()).toMatchObject([{ id: 'CHG1.2', until: NOW + HOUR + EXTENSION }]);
  });

  it('is extend an access step by step, with other accounts in turn', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    for (let count = 2; count < 8; count++)
      await scene.receive(body(count, { system: `db-0${count % 2}`, until: at(count * HOUR) }));
    expect(scene.access()).toMatchObject([{ until: NOW + HOUR + EXTENSION }]);
  });

  it('is undo an earlier end by many others', async () => {
    const scene = createScene();
    await scene.receive(body(1, { until: at(5 * HOUR) }));
    await scene.receive(body(2, { state: 'sooner', until: at(HOUR) }));
    for (let count = 3; count < 60; count++) await scene.receive(body(count, { state: 'later', until: at(HOUR) }));
    expect(scene.access()).toMatchObject([{ until: NOW + HOUR }]);
  });

  it('is extend an access by a state that is older than a refused one', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    await scene.receive(body(5, { system: 'bad' }));
    await scene.receive(body(3, { state: 'later', until: at(HOUR + 60_000) }));
    expect(scene.access()).toMatchObject([{ until: NOW + HOUR }]);
  });

  it('is suppress later states by one that closes in the future', async () => {
    const scene = createScene();
    await scene.receive(body(1, { state: 'done', at: NOW + 1000 * HOUR }), { route: 'jira' });
    await scene.receive(body(2, { at: NOW + 1 }), { route: 'jira' });
    expect(scene.access()).toMatchObject([{ id: 'CHG1.1' }]);
  });
});

describe('a ticket that a look shows as over', () => {
  const over = (scene: ReturnType<typeof createScene>, position: number, route = 'snow') =>
    scene.handle({ route, number: 'CHG1', position });

  it.each([10, 9, 11])('is closed at position %i, although it was open at 10', async (position) => {
    const scene = createScene();
    await scene.receive(body(10));
    await over(scene, position);
    expect(scene.access()).toEqual([]);
    await scene.receive(body(10));
    await scene.receive(body(9));
    expect(scene.access()).toEqual([]);
    await scene.receive(body(12));
    expect(scene.access()).toMatchObject([{ id: 'CHG1.2' }]);
  });

  it('is closed although its route is not in relay.yaml any more, and is not made known by it', async () => {
    const scene = createScene();
    await scene.receive(body(1));
    scene.config = { ...scene.config, webhooks: {} };
    await over(scene, 1);
    await over(scene, 1, 'other');
    expect(scene.access()).toEqual([]);
    expect([...scene.tickets.states.keys()]).toEqual(['tickets/snow/CHG1.json']);
  });
});

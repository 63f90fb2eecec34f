import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, type ModelWorld, SYNCS, startModelWorld } from '#test/support/model-world.ts';

const any = fc.nat({ max: 20 });
const flag = fc.boolean();

/** Events caused by other users, by time and by configuration. */
const foreignEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('change'), account: any }) },
  fc.record({ what: fc.constant('open'), account: any, by: fc.constantFrom('person', 'another relay') }),
  fc.record({ what: fc.constant('close'), request: any }),
  fc.record({ what: fc.constantFrom('approve', 'deny'), request: any }),
  fc.record({ what: fc.constant('pass'), minutes: fc.constantFrom(1, 12) }),
  fc.record({ what: fc.constant('select'), leftOut: any }),
);
const wholeRun: fc.Arbitrary<Event> = fc.record({ what: fc.constant('finish'), run: any });
const start: fc.Arbitrary<Event> = fc.record({
  what: fc.constant('start'),
  sync: fc.constantFrom(...SYNCS),
  verify: fc.integer({ min: 0, max: 3 }).map((number) => number === 0),
  isListed: flag,
});
const endings: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ what: fc.constant('abort'), run: any }),
  fc.record({ what: fc.constant('reap'), deathAt: fc.nat({ max: 60 }) }),
);
const step: fc.Arbitrary<Event> = fc.record({
  what: fc.constant('step'),
  run: any,
  moment: fc.nat({ max: 60 }),
  disturbance: fc.oneof(
    fc.constant('death' as const),
    fc.array(fc.oneof(foreignEvent, start, wholeRun, endings), { maxLength: 3 }),
  ),
});

/** A run that is suspended while it reads and delivers one change, until a later run has delivered the next one. */
const overtaken = fc
  .record({ sync: fc.constantFrom(...SYNCS), account: any, moment: fc.nat({ max: 24 }) })
  .map(({ sync, account, moment }): Event[] => {
    const unseen: Event = { what: 'start', sync, verify: false, isListed: false };
    const finish: Event = { what: 'finish', run: -1 };
    const change: Event = { what: 'change', account };
    const next: Event = { what: 'step', run: -1, moment: 0, disturbance: [] };
    const suspended: Event = { what: 'step', run: -1, moment, disturbance: [change, unseen, finish] };
    const upToRetrieve = [next, next, next, next];
    return [unseen, finish, { what: 'pass', minutes: 12 }, change, unseen, ...upToRetrieve, suspended];
  });

/** Another relay checks in a lease and opens it again while a run looks for a lease to read under. */
const exchanged = fc
  .record({ sync: fc.constantFrom(...SYNCS), account: any, moment: fc.nat({ max: 12 }) })
  .map(({ sync, account, moment }): Event[] => {
    const open: Event = { what: 'open', account, by: 'another relay' };
    const next: Event = { what: 'step', run: -1, moment: 0, disturbance: [] };
    const exchange: Event = { what: 'step', run: -1, moment, disturbance: [{ what: 'close', request: -1 }, open] };
    const start: Event = { what: 'start', sync, verify: true, isListed: false };
    return [open, start, next, next, next, next, exchange, { what: 'finish', run: -1 }];
  });

const one = (event: fc.Arbitrary<Event>) => event.map((only) => [only]);
const anyEvents = fc.oneof(
  { weight: 2, arbitrary: one(start) },
  { weight: 8, arbitrary: one(step) },
  { weight: 2, arbitrary: one(wholeRun) },
  { weight: 1, arbitrary: one(endings) },
  { weight: 3, arbitrary: one(foreignEvent) },
  { weight: 1, arbitrary: overtaken },
  { weight: 1, arbitrary: exchanged },
);

/** A fast-check command of several events. The world holds the model and checks the rules. */
class EventsCommand implements fc.AsyncCommand<object, ModelWorld> {
  readonly #events: readonly Event[];

  constructor(events: readonly Event[]) {
    this.#events = events;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, world: ModelWorld): Promise<void> {
    await world.applyAll(this.#events);
    expect(world.broken().join('\n')).toBe('');
  }

  toString(): string {
    return JSON.stringify(this.#events);
  }
}

/** Runs random sequences of events and checks the rules after each event. */
export const runRandomEvents = (numRuns: number): void => {
  describe('interleaved syncs, people and reaps', () => {
    it('close only their own requests, deliver only newer credentials, and leave every store current', async () => {
      const commands = fc.commands([anyEvents.map((events) => new EventsCommand(events))], {
        maxCommands: 30,
        size: 'max',
      });
      await fc.assert(
        fc.asyncProperty(commands, async (events) => {
          const world = await startModelWorld();
          try {
            await fc.asyncModelRun(() => ({ model: {}, real: world }), events);
            expect((await world.settle()).join('\n')).toBe('');
            expect(world.broken().join('\n')).toBe('');
          } finally {
            await world.close();
          }
        }),
        { numRuns },
      );
    }, 600_000);
  });
};

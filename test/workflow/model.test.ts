import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, type ModelWorld, SYNCS, startModelWorld } from '#test/support/model-world.ts';

const SEED = Number(process.env['MODEL_SEED'] ?? 1);
const RUNS = Number(process.env['MODEL_RUNS'] ?? 50);

const any = fc.nat({ max: 20 });
const flag = fc.boolean();

/** What others do, at any time. */
const ofOthers: fc.Arbitrary<Event> = fc.oneof(
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
  meanwhile: fc.oneof(
    fc.constant('death' as const),
    fc.array(fc.oneof(ofOthers, start, wholeRun, endings), { maxLength: 3 }),
  ),
});

/** A run that is held up while it reads and delivers, until a later one has delivered what is newer. */
const overtaken = fc
  .record({ sync: fc.constantFrom(...SYNCS), account: any, moment: fc.nat({ max: 60 }) })
  .map(({ sync, account, moment }): Event[] => {
    const unseen: Event = { what: 'start', sync, verify: false, isListed: false };
    const toRetrieve = Array.from({ length: 4 }, (): Event => ({ what: 'step', run: -1, moment: 0, meanwhile: [] }));
    const later: Event[] = [{ what: 'change', account }, unseen, { what: 'finish', run: -1 }];
    return [unseen, ...toRetrieve, { what: 'step', run: -1, moment, meanwhile: later }];
  });

const one = (event: fc.Arbitrary<Event>) => event.map((only) => [only]);
const anyEvents = fc.oneof(
  { weight: 2, arbitrary: one(start) },
  { weight: 8, arbitrary: one(step) },
  { weight: 2, arbitrary: one(wholeRun) },
  { weight: 1, arbitrary: one(endings) },
  { weight: 3, arbitrary: one(ofOthers) },
  { weight: 1, arbitrary: overtaken },
);

/** Events as fast-check runs them; the model is part of the world, which says itself what must hold. */
class Happens implements fc.AsyncCommand<object, ModelWorld> {
  readonly #events: readonly Event[];

  constructor(events: readonly Event[]) {
    this.#events = events;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, world: ModelWorld): Promise<void> {
    await world.happenAll(this.#events);
    expect(world.broken().join('\n')).toBe('');
  }

  toString(): string {
    return JSON.stringify(this.#events);
  }
}

describe('syncs, people and reaps that come between each other', () => {
  it('close only what is theirs, deliver only what is newer, and end with all stores right', async () => {
    const commands = fc.commands([anyEvents.map((events) => new Happens(events))], { maxCommands: 30, size: 'max' });
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
      { seed: SEED, numRuns: RUNS },
    );
  }, 300_000);
});

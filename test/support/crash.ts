import type { RelayConfig } from '#shared/config/schema.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { machines } from '#test/support/machines.ts';
import { Fate } from '#test/support/mortal.ts';
import { openRequestsOfOurs } from '#test/support/mortal-promises.ts';
import {
  type MortalRelay,
  type SiteOptions,
  sharedFleet,
  startMortalRelay,
  type Through,
} from '#test/support/mortal-relay.ts';
import type { PlayedStep } from '#test/support/mortal-steps.ts';
import { termsOf } from '#test/support/terms.ts';

const ACCOUNTS = 8;
const LONG_MINUTES = 14_400;
const IDLE_MINUTES = 20;
const OTHER_MARKER = '[pam-relay.000000000000.eu-west-1/sync/databases/databases.dying/0]';

/** What dies with a process: it alone, each that is started in its place for the same step, or the whole execution. */
export const DEATHS = ['function', 'step', 'execution'] as const;
export type Death = (typeof DEATHS)[number];

/** Who may die, and when. */
interface Danger {
  readonly through: Through;
  readonly fate: Fate;
}

/** What may excuse a story for an ending that is not its own. */
export interface Disturbance {
  /** False when nothing but one process died, which the next attempt makes up for. */
  readonly isDisturbed: boolean;
}

/** Something that a relay does while it may die. */
export interface Story {
  readonly config: RelayConfig;
  /** What the vault holds, and who its users are, where the usual ones do not do. */
  readonly site?: SiteOptions;
  /** What went well, or not so well, before. */
  readonly prepare: (relay: MortalRelay) => Promise<void>;
  /** What something dies in. */
  readonly live: (relay: MortalRelay, danger: Danger) => Promise<void>;
  /** What comes after it, in which something may die, too. */
  readonly goOn: (relay: MortalRelay, danger: Danger) => Promise<void>;
  /** What comes last, so that all is well. No time passes in it that would end a request by itself. */
  readonly rest: (relay: MortalRelay) => Promise<void>;
  /** A sentence for each thing that is wrong at the end. */
  readonly wrong: (relay: MortalRelay, fate: Disturbance) => string[];
  /** Whether it is left to reap to close what it is about, also when nothing dies. */
  readonly isLeftToReap?: boolean;
  /** Whether never two of its processes are there at a time. */
  readonly isSequential?: boolean;
  /** What else may go on in the world, by its name: each of these at any moment of it. */
  readonly meanwhile?: Readonly<Record<string, Meanwhile>>;
}

export type Meanwhile = (relay: MortalRelay) => Promise<unknown>;

export interface Crash {
  readonly story: Story;
  readonly death: Death;
  /** When something dies, counted from the beginning of what the story is about. */
  readonly moments: readonly number[];
  /** What else happens, and when. */
  readonly meanwhile?: { readonly moment: number; readonly happens: Meanwhile } | undefined;
  /** Whether what comes after the story may die, too. */
  readonly goesOn?: boolean;
}

export interface Aftermath {
  /** How many moments there were at which something could have died. */
  readonly moments: number;
  /** Those of them that can lead to different ends. */
  readonly telling: readonly number[];
  /** A sentence for each promise that did not hold. */
  readonly broken: readonly string[];
}

/** Tells a story in which something dies, then lets the relay come to rest, and looks at what is left. */
export const crash = async ({ story, death, moments, meanwhile, goesOn = false }: Crash): Promise<Aftermath> => {
  const relay = await startMortalRelay({ machines, config: story.config, fleet: sharedFleet(ACCOUNTS), ...story.site });
  try {
    const others = await openForOthers(relay);
    await story.prepare(relay);
    const fate = new Fate(
      ...moments.map((moment) => [moment, 'death'] as const),
      ...(meanwhile === undefined ? [] : [[meanwhile.moment, () => meanwhile.happens(relay)] as const]),
    );
    const dead = new Set<PlayedStep>();
    const begins = new Set<number>();
    const mayDieHere = mayDie(fate, death, dead);
    const through: Through = (invocation) => {
      begins.add(fate.moments);
      return mayDieHere(invocation);
    };
    await story.live(relay, { fate, through });
    const telling = tellingMoments(story, fate.moments, begins);
    const leftToReap = givesBackItself(story, death, dead) ? openRequestsOfOurs(relay) : [];
    if (goesOn) await story.goOn(relay, { fate, through: mayDie(fate, death) });
    const notSignedOut = openSessions(relay, fate);
    await story.rest(relay);
    return {
      moments: fate.moments,
      telling,
      broken: [
        ...leftToReap.map(({ reason }) => `Left to reap: ${reason}`),
        ...story.wrong(relay, { isDisturbed: death !== 'function' || moments.length > 1 || meanwhile !== undefined }),
        ...closed(relay, others),
        ...notSignedOut,
        ...openSessions(relay, fate),
        ...immortalSessions(relay),
      ],
    };
  } finally {
    await relay.close();
  }
};

/**
 * A process that dies after a call leaves the same behind as one that dies before its next call. With several at a time
 * there is more between the two.
 */
const tellingMoments = ({ isSequential }: Story, moments: number, begins: ReadonlySet<number>): number[] =>
  Array.from({ length: moments }, (_, moment) => moment).filter((moment) => {
    const isAfterCall = moment % 2 === 1;
    const isLastOfProcess = begins.has(moment + 1) || moment + 1 === moments;
    return !isSequential || !isAfterCall || isLastOfProcess;
  });

const CHECK_INS = ['sync/checkin', 'checkout/checkin'] as const satisfies readonly PlayedStep[];

/** A run that goes on gives everything back by itself, unless it is the check-in that dies each time. */
const givesBackItself = ({ isLeftToReap }: Story, death: Death, dead: ReadonlySet<PlayedStep>): boolean =>
  isLeftToReap !== true && death !== 'execution' && !(death === 'step' && CHECK_INS.some((step) => dead.has(step)));

const mayDie =
  (fate: Fate, death: Death, dead = new Set<PlayedStep>()): Through =>
  async ({ step, perform, stop }) => {
    const result = await perform(death === 'step' && dead.has(step) ? new Fate([0, 'death']) : fate);
    if (result.died) dead.add(step);
    if (result.died && death === 'execution') stop();
    return result;
  };

/** An execution that dies with the first process of a step. */
export const dyingAt =
  (fatal: PlayedStep): Through =>
  ({ step, perform, stop }) => {
    if (step === fatal) stop();
    return perform(step === fatal ? new Fate([0, 'death']) : undefined);
  };

/** A person's request, and one of another relay that signs in as the same user: ours gets that one to share. */
const openForOthers = async (relay: MortalRelay): Promise<readonly number[]> => {
  const [persons, relays] = relay.simulator.accounts().filter(({ kind }) => kind === 'plain');
  if (persons === undefined || relays === undefined) throw new Error('The fleet has too few plain accounts.');
  const opened = [
    await relay.asPerson((leases) =>
      leases.open(itemOf(persons), termsOf({ minutes: LONG_MINUTES, reason: 'Looking after it by hand' })),
    ),
    await relay.asOwnUser((leases) =>
      leases.open(itemOf(relays), termsOf({ minutes: LONG_MINUTES, reason: `Another one's ${OTHER_MARKER}` })),
    ),
  ];
  return opened.map(({ id }) => Number(id));
};

const closed = ({ simulator }: MortalRelay, others: readonly number[]): string[] => {
  const open = new Set(simulator.openRequests().map(({ requestId }) => requestId));
  return others.filter((id) => !open.has(id)).map((id) => `Request ${id} of somebody else was closed.`);
};

/** A process that dies between its sign-in and its sign-out leaves a session, which the vault ends once it was idle. */
const openSessions = ({ simulator }: MortalRelay, { deaths }: Fate): string[] => {
  const left = simulator.openSessions().length;
  return left > deaths ? [`${left} sessions are open, and ${deaths} processes died.`] : [];
};

const immortalSessions = (relay: MortalRelay): string[] => {
  relay.advance(IDLE_MINUTES);
  const outlived = relay.simulator.openSessions().length;
  return outlived > 0 ? [`${outlived} sessions outlived their idle time.`] : [];
};

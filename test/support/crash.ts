import type { RelayConfig } from '#shared/config/schema.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { machines } from '#test/support/machines.ts';
import { Fate } from '#test/support/mortal.ts';
import { openRequestsOfOurs } from '#test/support/mortal-promises.ts';
import { type MortalRelay, startMortalRelay, type Through } from '#test/support/mortal-relay.ts';
import { type SiteOptions, sharedFleet } from '#test/support/mortal-site.ts';
import type { PlayedStep } from '#test/support/mortal-steps.ts';
import { termsOf } from '#test/support/terms.ts';

const ACCOUNTS = 8;
/** Longer than any story. */
const LONG_MINUTES = 400_000;
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
  /** How it ended, to be compared with other endings of it. */
  readonly ending?: (relay: MortalRelay) => unknown;
  /** What is delivered by what is over, at a time at which nothing can be taken back but from the store. */
  readonly leftDelivered?: (relay: MortalRelay) => string[];
  /** Whether it is left to reap to close what it is about, also when nothing dies. */
  readonly isLeftToReap?: boolean;
  /** Whether never two of its processes are there at a time. */
  readonly isSequential?: boolean;
  /** What else may go on in the world, by its name: each of these at any moment of it. */
  readonly meanwhile?: Readonly<Record<string, Meanwhile>>;
  /** What somebody may send about what is not his own, likewise. */
  readonly strangers?: Readonly<Record<string, Meanwhile>>;
}

/** Something else that goes on in the world, or comes over it. */
export interface Meanwhile {
  /** `stop` ends the execution whose process it comes over; the process itself goes on. */
  readonly happens: (relay: MortalRelay, stop: () => void) => Promise<unknown>;
  /** What has to hold while it lasts, once the story is told: a sentence for each thing that does not. */
  readonly whileItLasts?: (relay: MortalRelay, story: Story) => Promise<string[]>;
  /** How it passes, before everything comes to rest. */
  readonly passes?: (relay: MortalRelay) => Promise<unknown>;
  /** Whether the story has to end all the same as it would without. */
  readonly isHarmless?: boolean;
  /** Whether a run may leave something to reap that it comes over. */
  readonly isLeftToReap?: boolean;
  /** Whether sessions may be left for the vault to end: nobody can sign out of them. */
  readonly leavesSessions?: boolean;
  /** Where it can come over a story only at a site of another kind. */
  readonly site?: Partial<SiteOptions>;
}

export interface Crash {
  readonly story: Story;
  readonly death: Death;
  /** When something dies, counted from the beginning of what the story is about. */
  readonly moments: readonly number[];
  /** What else happens, and when. */
  readonly meanwhile?: (Meanwhile & { readonly moment: number }) | undefined;
  /** Whether what comes after the story may die, too. */
  readonly goesOn?: boolean;
}

export interface Aftermath {
  /** How many moments there were at which something could have died. */
  readonly moments: number;
  /** The step in which each of them was. */
  readonly steps: readonly PlayedStep[];
  /** Those of them that can lead to different ends. */
  readonly telling: readonly number[];
  /** What the story says of how it ended. */
  readonly ending: unknown;
  /** A sentence for each promise that did not hold. */
  readonly broken: readonly string[];
}

/** Tells a story in which something dies, then lets the relay come to rest, and looks at what is left. */
export const crash = async ({ story, death, moments, meanwhile, goesOn = false }: Crash): Promise<Aftermath> => {
  const fleet = sharedFleet(ACCOUNTS);
  const relay = await startMortalRelay({ machines, config: story.config, fleet, ...story.site, ...meanwhile?.site });
  try {
    const others = await openForOthers(relay);
    await story.prepare(relay);
    let stop = (): void => {};
    const fate = new Fate(
      ...moments.map((moment) => [moment, 'death'] as const),
      ...(meanwhile === undefined ? [] : [[meanwhile.moment, () => meanwhile.happens(relay, stop)] as const]),
    );
    const dead = new Set<PlayedStep>();
    const begins = new Map<number, PlayedStep>();
    const mayDieHere = mayDie(fate, death, dead);
    const through: Through = (invocation) => {
      begins.set(fate.moments, invocation.step);
      stop = invocation.stop;
      return mayDieHere(invocation);
    };
    await story.live(relay, { fate, through });
    const telling = tellingMoments(story, fate.moments, begins);
    const steps = stepsAt(fate.moments, begins);
    const isLeftToReap = meanwhile?.isLeftToReap === true || !givesBackItself(story, death, dead);
    const leftToReap = isLeftToReap ? [] : openRequestsOfOurs(relay);
    if (goesOn) await story.goOn(relay, { fate, through: mayDie(fate, death) });
    const wrongMeanwhile = (await meanwhile?.whileItLasts?.(relay, story)) ?? [];
    await meanwhile?.passes?.(relay);
    const sessionsLeft = () => (meanwhile?.leavesSessions === true ? [] : openSessions(relay, fate));
    const notSignedOut = sessionsLeft();
    const taken = await others.leave();
    await relay.letGo();
    await story.rest(relay);
    const isDisturbedMeanwhile = meanwhile !== undefined && meanwhile.isHarmless !== true;
    return {
      moments: fate.moments,
      steps,
      telling,
      ending: story.ending?.(relay),
      broken: [
        ...leftToReap.map(({ reason }) => `Left to reap: ${reason}`),
        ...story.wrong(relay, { isDisturbed: death !== 'function' || moments.length > 1 || isDisturbedMeanwhile }),
        ...wrongMeanwhile,
        ...taken,
        ...others.closed(),
        ...notSignedOut,
        ...sessionsLeft(),
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
const tellingMoments = ({ isSequential }: Story, moments: number, begins: ReadonlyMap<number, PlayedStep>): number[] =>
  Array.from({ length: moments }, (_, moment) => moment).filter((moment) => {
    const isAfterCall = moment % 2 === 1;
    const isLastOfProcess = begins.has(moment + 1) || moment + 1 === moments;
    return !isSequential || !isAfterCall || isLastOfProcess;
  });

/** Of several at a time, the last that began. */
const stepsAt = (moments: number, begins: ReadonlyMap<number, PlayedStep>): PlayedStep[] => {
  let step: PlayedStep = 'authenticate';
  return Array.from({ length: moments }, (_, moment) => {
    step = begins.get(moment) ?? step;
    return step;
  });
};

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

/** So many accounts can only be delivered once somebody else is through. */
export const HELD_BY_OTHERS = 1;

/** A person's request, and one of another relay that signs in as the same user: ours is shown that one when it asks. */
const openForOthers = async (relay: MortalRelay) => {
  const { simulator, asPerson, asOwnUser } = relay;
  const [persons, relays] = simulator.accounts().filter(({ kind }) => kind === 'plain');
  if (persons === undefined || relays === undefined) throw new Error('The fleet has too few plain accounts.');
  const byHand = termsOf({ minutes: LONG_MINUTES, reason: 'Looking after it by hand' });
  const byRelay = termsOf({ minutes: LONG_MINUTES, reason: `Another one's ${OTHER_MARKER}` });
  const ofPerson = await asPerson((leases) => leases.open(itemOf(persons), byHand));
  const ofRelay = await asOwnUser((leases) => leases.open(itemOf(relays), byRelay));

  const closed = (id: string): string[] => {
    const isOpen = simulator.openRequests().some(({ requestId }) => String(requestId) === id);
    return isOpen ? [] : [`Request ${id} of somebody else was closed.`];
  };
  return {
    closed: () => closed(ofPerson.id),
    /** The other relay is through. @returns a sentence for each thing that ours did with what was not its own. */
    leave: async (): Promise<string[]> => {
      const taken = [...closed(ofRelay.id), ...closed(ofPerson.id)];
      const reads = simulator.audit.filter(
        ({ kind, requestId }) => kind === 'credential' && [ofRelay.id, ofPerson.id].includes(String(requestId)),
      );
      await asOwnUser((leases) => leases.close(ofRelay.id, 'Done'));
      return [...taken, ...reads.map(({ requestId }) => `Request ${requestId} of somebody else was read under.`)];
    },
  };
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

import type { RelayConfig } from '#shared/config/schema.ts';
import { CrashPlan } from '#test/support/crashable-process.ts';
import { openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import { type CrashableRelay, startCrashableRelay, type Through } from '#test/support/crashable-relay.ts';
import { type SiteOptions, sharedFleet } from '#test/support/crashable-site.ts';
import type { PlayedStep } from '#test/support/crashable-steps.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { machines } from '#test/support/machines.ts';
import { termsOf } from '#test/support/terms.ts';

const ACCOUNTS = 8;
/** Longer than any scenario. */
const LONG_MINUTES = 400_000;
const IDLE_MINUTES = 20;
const OTHER_MARKER = '[pam-relay.000000000000.eu-west-1/sync/databases/databases.killed/0]';

/** Scope of a death: one process, each process that retries the same step, or the whole execution. */
export const DEATHS = ['function', 'step', 'execution'] as const;
export type Death = (typeof DEATHS)[number];

/** The processes to kill, and the moments. */
interface KillPlan {
  readonly through: Through;
  readonly crashPlan: CrashPlan;
}

/** Circumstances that permit an ending other than the regular one. */
export interface Circumstances {
  /** False if at most one process died, because the retry compensates for it. */
  readonly isDisturbed: boolean;
}

/** A sequence of actions of the relay during which processes can be killed. */
export interface Scenario {
  readonly config: RelayConfig;
  /** Overrides of the vault's contents and users. */
  readonly site?: SiteOptions;
  /** Sets up the state before the kill phase. */
  readonly prepare: (relay: CrashableRelay) => Promise<void>;
  /** The phase in which processes are killed. */
  readonly act: (relay: CrashableRelay, kill: KillPlan) => Promise<void>;
  /** The phase after it, in which processes can be killed too. */
  readonly followUp: (relay: CrashableRelay, kill: KillPlan) => Promise<void>;
  /** The final cleanup. It takes too little time for a request to expire by itself. */
  readonly cleanUp: (relay: CrashableRelay) => Promise<void>;
  /** A sentence for each error at the end. */
  readonly findErrors: (relay: CrashableRelay, circumstances: Circumstances) => string[];
  /** The ending, for comparison with the endings of other attempts. */
  readonly ending?: (relay: CrashableRelay) => unknown;
  /** Secrets still delivered for ended checkouts, at a time when only the store is reachable. */
  readonly leftDelivered?: (relay: CrashableRelay) => string[];
  /** True if only reap closes the requests, even without a death. */
  readonly isLeftToReap?: boolean;
  /** True if at most one of its processes runs at a time. */
  readonly isSequential?: boolean;
  /** Disturbances by name, each of which is applied at any moment. */
  readonly disturbance?: Readonly<Record<string, Disturbance>>;
  /** Messages of other senders about the same checkout, by name. */
  readonly foreignMessages?: Readonly<Record<string, Disturbance>>;
}

/** An outside event, or an outage. */
export interface Disturbance {
  /** Causes the disturbance. `stop` stops the current execution; the current process goes on. */
  readonly apply: (relay: CrashableRelay, stop: () => void) => Promise<unknown>;
  /** Checks the state after the scenario, before the disturbance ends. Returns a sentence for each error. */
  readonly checkWhileActive?: (relay: CrashableRelay, scenario: Scenario) => Promise<string[]>;
  /** Ends the disturbance before the final cleanup. */
  readonly end?: (relay: CrashableRelay) => Promise<unknown>;
  /** True if the scenario has to have the same ending as without it. */
  readonly isHarmless?: boolean;
  /** True if a disturbed run may leave requests for reap. */
  readonly isLeftToReap?: boolean;
  /** True if sessions may be left for the vault to end, because sign-out is impossible. */
  readonly leavesSessions?: boolean;
  /** Overrides of the site that the disturbance requires. */
  readonly site?: Partial<SiteOptions>;
}

export interface Crash {
  readonly scenario: Scenario;
  readonly death: Death;
  /** Moments of the deaths, counted from the beginning of {@link Scenario.act}. */
  readonly moments: readonly number[];
  /** Another event, and its moment. */
  readonly disturbance?: (Disturbance & { readonly moment: number }) | undefined;
  /** True if the kill phase includes {@link Scenario.followUp}. */
  readonly withFollowUp?: boolean;
}

export interface CrashResult {
  /** Number of moments at which a process can be killed. */
  readonly moments: number;
  /** The step of each moment. */
  readonly steps: readonly PlayedStep[];
  /** The moments that can lead to different results. */
  readonly distinctMoments: readonly number[];
  /** The result of {@link Scenario.ending}. */
  readonly ending: unknown;
  /** A sentence for each broken promise. */
  readonly broken: readonly string[];
}

/** Runs a scenario, kills processes at the given moments, lets the relay clean up, and checks the promises. */
export const crash = async ({
  scenario,
  death,
  moments,
  disturbance,
  withFollowUp = false,
}: Crash): Promise<CrashResult> => {
  const fleet = sharedFleet(ACCOUNTS);
  const relay = await startCrashableRelay({
    machines,
    config: scenario.config,
    fleet,
    ...scenario.site,
    ...disturbance?.site,
  });
  try {
    const others = await openForOthers(relay);
    await scenario.prepare(relay);
    let stop = (): void => {};
    const crashPlan = new CrashPlan(
      ...moments.map((moment) => [moment, 'death'] as const),
      ...(disturbance === undefined ? [] : [[disturbance.moment, () => disturbance.apply(relay, stop)] as const]),
    );
    const dead = new Set<PlayedStep>();
    const begins = new Map<number, PlayedStep>();
    const killAct = killBy(crashPlan, death, dead);
    const through: Through = (invocation) => {
      begins.set(crashPlan.moments, invocation.step);
      stop = invocation.stop;
      return killAct(invocation);
    };
    await scenario.act(relay, { crashPlan, through });
    const distinctMoments = findDistinctMoments(scenario, crashPlan.moments, begins);
    const steps = stepsAt(crashPlan.moments, begins);
    const isLeftToReap = disturbance?.isLeftToReap === true || !checksInItself(scenario, death, dead);
    const leftToReap = isLeftToReap ? [] : openRequestsOfOurs(relay);
    if (withFollowUp) await scenario.followUp(relay, { crashPlan, through: killBy(crashPlan, death) });
    const wrongDisturbance = (await disturbance?.checkWhileActive?.(relay, scenario)) ?? [];
    await disturbance?.end?.(relay);
    const sessionsLeft = () => (disturbance?.leavesSessions === true ? [] : openSessions(relay, crashPlan));
    const notSignedOut = sessionsLeft();
    const wronglyUsed = await others.leave();
    await relay.releaseHeld();
    await scenario.cleanUp(relay);
    const isDisturbed = disturbance !== undefined && disturbance.isHarmless !== true;
    return {
      moments: crashPlan.moments,
      steps,
      distinctMoments,
      ending: scenario.ending?.(relay),
      broken: [
        ...leftToReap.map(({ reason }) => `Left to reap: ${reason}`),
        ...scenario.findErrors(relay, { isDisturbed: death !== 'function' || moments.length > 1 || isDisturbed }),
        ...wrongDisturbance,
        ...wronglyUsed,
        ...others.closed(),
        ...notSignedOut,
        ...sessionsLeft(),
        ...outlivingSessions(relay),
      ],
    };
  } finally {
    await relay.close();
  }
};

/**
 * Returns the moments that can lead to different results. In a sequential scenario, a process that dies after a call
 * leaves the same state as one that dies before its next call.
 */
const findDistinctMoments = (
  { isSequential }: Scenario,
  moments: number,
  begins: ReadonlyMap<number, PlayedStep>,
): number[] =>
  Array.from({ length: moments }, (_, moment) => moment).filter((moment) => {
    const isAfterCall = moment % 2 === 1;
    const isLastOfProcess = begins.has(moment + 1) || moment + 1 === moments;
    return !isSequential || !isAfterCall || isLastOfProcess;
  });

/** The step of each moment. Of concurrent steps, the one that began last. */
const stepsAt = (moments: number, begins: ReadonlyMap<number, PlayedStep>): PlayedStep[] => {
  let step: PlayedStep = 'authenticate';
  return Array.from({ length: moments }, (_, moment) => {
    step = begins.get(moment) ?? step;
    return step;
  });
};

const CHECK_INS = ['sync/checkin', 'checkout/checkin'] as const satisfies readonly PlayedStep[];

/** True if the run checks in all its requests itself: it goes on, and its check-in step is not killed each time. */
const checksInItself = ({ isLeftToReap }: Scenario, death: Death, dead: ReadonlySet<PlayedStep>): boolean =>
  isLeftToReap !== true && death !== 'execution' && !(death === 'step' && CHECK_INS.some((step) => dead.has(step)));

/** Kills processes by the plan, and those that retry the same step or go on, as far as the death reaches. */
export const killBy =
  (crashPlan: CrashPlan, death: Death, dead = new Set<PlayedStep>()): Through =>
  async ({ step, perform, stop }) => {
    const result = await perform(death === 'step' && dead.has(step) ? new CrashPlan([0, 'death']) : crashPlan);
    if (result.died) dead.add(step);
    if (result.died && death === 'execution') stop();
    return result;
  };

/** Stops the execution and kills the first process of a step. */
export const stopAt =
  (stopped: PlayedStep): Through =>
  ({ step, perform, stop }) => {
    if (step === stopped) stop();
    return perform(step === stopped ? new CrashPlan([0, 'death']) : undefined);
  };

/** Number of accounts that can be delivered only after another client has checked in. */
export const HELD_BY_OTHERS = 1;

/** Opens a request of a person, and one of another relay with the same user, which the vault shares with ours. */
const openForOthers = async (relay: CrashableRelay) => {
  const { simulator, asPerson, asOwnUser } = relay;
  const [persons, relays] = simulator.accounts().filter(({ kind }) => kind === 'plain');
  if (persons === undefined || relays === undefined) throw new Error('The fleet has too few plain accounts.');
  const byHand = termsOf({ minutes: LONG_MINUTES, reason: 'Maintenance by hand' });
  const byRelay = termsOf({ minutes: LONG_MINUTES, reason: `Another relay ${OTHER_MARKER}` });
  const ofPerson = await asPerson((leases) => leases.open(itemOf(persons), byHand));
  const ofRelay = await asOwnUser((leases) => leases.open(itemOf(relays), byRelay));

  const closed = (id: string): string[] => {
    const isOpen = simulator.openRequests().some(({ requestId }) => String(requestId) === id);
    return isOpen ? [] : [`Request ${id} of another client was closed.`];
  };
  return {
    closed: () => closed(ofPerson.id),
    /** Ends the other relay's request. @returns a sentence for each misuse of another client's request. */
    leave: async (): Promise<string[]> => {
      const wronglyClosed = [...closed(ofRelay.id), ...closed(ofPerson.id)];
      const reads = simulator.audit.filter(
        ({ kind, requestId }) => kind === 'credential' && [ofRelay.id, ofPerson.id].includes(String(requestId)),
      );
      await asOwnUser((leases) => leases.close(ofRelay.id, 'Done'));
      return [
        ...wronglyClosed,
        ...reads.map(({ requestId }) => `An account was read under request ${requestId} of another client.`),
      ];
    },
  };
};

/** A process that dies after its sign-in leaves a session, which the vault ends after its idle time. */
const openSessions = ({ simulator }: CrashableRelay, { deaths }: CrashPlan): string[] => {
  const left = simulator.openSessions().length;
  return left > deaths ? [`${left} sessions are open, but only ${deaths} processes died.`] : [];
};

const outlivingSessions = (relay: CrashableRelay): string[] => {
  relay.advance(IDLE_MINUTES);
  const outlived = relay.simulator.openSessions().length;
  return outlived > 0 ? [`${outlived} sessions outlived their idle time.`] : [];
};

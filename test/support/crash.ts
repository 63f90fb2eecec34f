import { definitionIn } from '#infra/definition.ts';
import type { Step } from '#infra/steps.ts';
import { loadDefinition } from '#local/aws/step-functions/definition.ts';
import { aConfig } from '#test/support/configs.ts';
import { FOLDER, type Story } from '#test/support/crash-stories.ts';
import { Fate } from '#test/support/mortal.ts';
import { brokenPromises, deliveredTwice, openRequestsOfOurs } from '#test/support/mortal-promises.ts';
import {
  type Invocation,
  type Invoked,
  type MortalRelay,
  sharedFleet,
  startMortalRelay,
} from '#test/support/mortal-relay.ts';
import { termsFor } from '#test/support/terms.ts';
import { synthesise } from '../infra/synthesis.ts';

const ACCOUNTS = 8;
const LONG_MINUTES = 14_400;
const IDLE_MINUTES = 20;
const OTHER_MARKER = '[pam-relay.000000000000.eu-west-1/databases.dying/0]';

/** The one workflow that there is. */
export const machine = loadDefinition('sync', JSON.stringify(definitionIn(synthesise(aConfig()).template.toJSON())), {
  waitScale: 0,
});

/** What dies with a process: it alone, each that is started in its place for the same step, or the whole execution. */
export const DEATHS = ['function', 'step', 'execution'] as const;
export type Death = (typeof DEATHS)[number];

export interface Crash {
  readonly story: Story;
  readonly death: Death;
  /** When something dies, counted from the beginning of what the story is about. */
  readonly moments: readonly number[];
  /** Whether what comes after the story may die, too. */
  readonly goesOn?: boolean;
}

export interface Aftermath {
  /** How many moments there were at which something could have died. */
  readonly moments: number;
  /** A sentence for each promise that did not hold. */
  readonly broken: readonly string[];
}

/**
 * Tells a story in which something dies, then lets the relay run once more and reap, and looks at what is left. No time
 * passes that would end a request by itself.
 */
export const crash = async ({ story, death, moments, goesOn = false }: Crash): Promise<Aftermath> => {
  const relay = await startMortalRelay({ machine, config: story.config, fleet: sharedFleet(ACCOUNTS) });
  try {
    const others = await openForOthers(relay);
    await story.prepare(relay);
    const fate = new Fate(...moments.map((moment) => [moment, 'death'] as const));
    const { leftToReap } = await live(relay, story, death, fate);
    if (goesOn) {
      relay.advance(1);
      await relay.sync('dying-too', story.order, mayDie(fate, death));
      await relay.reap(fate);
    }
    relay.advance(1);
    await relay.sync('after', story.order);
    await relay.reap();
    return {
      moments: fate.moments,
      broken: [
        ...leftToReap,
        ...brokenPromises(relay, FOLDER),
        ...deliveredTwice(relay, FOLDER),
        ...(story.wrong?.(relay) ?? []),
        ...closed(relay, others),
        ...openSessions(relay, fate.deaths),
      ],
    };
  } finally {
    await relay.close();
  }
};

const live = async (relay: MortalRelay, { dying, order }: Story, death: Death, fate: Fate) => {
  const dead = new Set<Step>();
  if (dying === 'reap') await relay.reap(fate);
  else await relay.sync('dying', order, mayDie(fate, death, dead));
  // A run that goes on gives everything back by itself, unless it is the check-in that dies each time.
  const goesOn = dying === 'sync' && death !== 'execution' && !(death === 'step' && dead.has('checkin'));
  return { leftToReap: goesOn ? openRequestsOfOurs(relay).map(({ reason }) => `Left to reap: ${reason}`) : [] };
};

const mayDie =
  (fate: Fate, death: Death, dead = new Set<Step>()) =>
  async ({ step, perform, stop }: Invocation): Promise<Invoked> => {
    const result = await perform(death === 'step' && dead.has(step) ? new Fate([0, 'death']) : fate);
    if (result.died) dead.add(step);
    if (result.died && death === 'execution') stop();
    return result;
  };

/** A person's request, and one of another relay that signs in as the same user: ours gets that one to share. */
const openForOthers = async (relay: MortalRelay): Promise<readonly number[]> => {
  const [persons, relays] = relay.simulator.accounts().filter(({ kind }) => kind === 'plain');
  if (persons === undefined || relays === undefined) throw new Error('The fleet has too few plain accounts.');
  const opened = [
    await relay.asPerson((session) =>
      session.openRequest(termsFor(persons, { durationMinutes: LONG_MINUTES, reason: 'Looking after it by hand' })),
    ),
    await relay.asOwnUser((session) =>
      session.openRequest(termsFor(relays, { durationMinutes: LONG_MINUTES, reason: `Another one's ${OTHER_MARKER}` })),
    ),
  ];
  return opened.map(({ requestId }) => requestId);
};

const closed = ({ simulator }: MortalRelay, others: readonly number[]): string[] => {
  const open = new Set(simulator.openRequests().map(({ requestId }) => requestId));
  return others.filter((id) => !open.has(id)).map((id) => `Request ${id} of somebody else was closed.`);
};

/** A process that dies between its sign-in and its sign-out leaves a session, which the vault ends once it was idle. */
const openSessions = (relay: MortalRelay, deaths: number): string[] => {
  const left = relay.simulator.openSessions().length;
  relay.advance(IDLE_MINUTES);
  const outlived = relay.simulator.openSessions().length;
  return [
    ...(left > deaths ? [`${left} sessions are open, and ${deaths} processes died.`] : []),
    ...(outlived > 0 ? [`${outlived} sessions outlived their idle time.`] : []),
  ];
};

import type { AccountView } from '#local/simulators/password-safe/contents.ts';
import type { TargetBehaviour } from '#local/simulators/password-safe/target.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import type { CrashResult, Scenario } from '#test/support/crash.ts';
import { openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import { type CrashableRelay, type Through, watching } from '#test/support/crashable-relay.ts';
import { ROTATED } from '#test/support/rotation-scenarios.ts';

/** Two accounts of one system that take turns, and their secret as its readers see it. */

const SECRET = 'prod/orders';
const RULE = 'weekly';
/** A message starts a rotation also after one that failed, which a schedule does not. */
const ORDER = { rule: RULE, trigger: 'message' } as const;
const CHANGES = { sync: 'databases' };
/** Longer than a hold on a pair, and than the time in which a change counts as caused by a check-in. */
const QUIET_MINUTES = 27;

export const [SYSTEM = ''] = ROTATED.systems;

/** Behaviour of an account that can change and be used. */
export const WORKING: Partial<TargetBehaviour> = { changes: 'once', acceptsCredential: true, isReachable: true };

const errors = new WeakMap<CrashableRelay, Set<string>>();
export const errorsOf = (relay: CrashableRelay): Set<string> => {
  const known = errors.get(relay) ?? new Set();
  errors.set(relay, known);
  return known;
};

export const accountsOf = ({ simulator }: CrashableRelay): AccountView[] =>
  simulator
    .accounts()
    .filter(({ systemName, accountName }) => systemName === SYSTEM && ROTATED.accounts.includes(accountName));

/** The default value, in which a name of one account with the password of the other opens nothing. */
const secretOf = ({ accountName, credential }: AccountView): string =>
  JSON.stringify({ username: accountName, password: credential });

/** True for the account that the readers of the secret get. */
export const isRead = (relay: CrashableRelay, account: AccountView): boolean =>
  secretOf(account) === relay.manager.currentValues()[SECRET];

/** Takes note of a moment at which the store's value opens none of the accounts. */
const check = (relay: CrashableRelay, when: string): void => {
  const opens = accountsOf(relay).some(
    (account) => isRead(relay, account) && relay.simulator.target(account.accountId).behaviour.acceptsCredential,
  );
  if (opens) return;
  errorsOf(relay).add(`After ${when}, the value of ${SECRET} opens no account.`);
};

const changesOf = (relay: CrashableRelay): number[] =>
  accountsOf(relay).map(({ accountId }) => relay.simulator.changesOf(accountId));

const reasonsOf = async ({ shared }: CrashableRelay, id: string): Promise<string> => {
  const progress = (await shared.read(rotationAt.progress({ rule: RULE, run: `${RULE}.${id}` })))?.record;
  return JSON.stringify(progress?.state.items.map(({ status, reason }) => [status, reason]) ?? []);
};

const pause = (relay: CrashableRelay, when: string): void => {
  relay.advance(QUIET_MINUTES);
  check(relay, when);
};

const ATTEMPTS = 4;

const isOver = (ended: string): boolean => ended.includes('rotated') || ended.includes('is running');

/** A turn, after which the next sync can run before the next turn. */
export interface AnyTurn {
  readonly isSynced: boolean;
}

export interface TurnsOptions<Turn extends AnyTurn> extends Pick<Scenario, 'config' | 'site'> {
  readonly turns: readonly Turn[];
  /** Lets the idle account, and what belongs to it, behave as in a turn. */
  readonly behave: (relay: CrashableRelay, turn: Turn) => Promise<void>;
  /** Lets people correct what does not work, after all turns. */
  readonly correct: (relay: CrashableRelay) => Promise<void>;
  /** Called before and after each call. */
  readonly watch?: (relay: CrashableRelay) => void;
}

/** Two accounts that take turns. At every moment, the secret has to open one of them. */
export const turnScenario = <Turn extends AnyTurn>({
  turns,
  behave,
  correct,
  watch = () => {},
  ...site
}: TurnsOptions<Turn>): Scenario => {
  const checking = (relay: CrashableRelay, through?: Through): Through =>
    watching((step) => {
      watch(relay);
      check(relay, step);
      return undefined;
    }, through);
  return {
    ...site,
    async prepare(relay) {
      await relay.sync('before', CHANGES);
      pause(relay, 'the first sync');
    },
    async act(relay, kill) {
      const through = checking(relay, kill.through);
      for (const [index, turn] of turns.entries()) {
        await behave(relay, turn);
        await relay.rotate(`turn-${index}`, ORDER, { through });
        if (index < turns.length - 1 || turn.isSynced) pause(relay, 'a turn');
        if (turn.isSynced) await relay.sync(`turn-${index}`, CHANGES, { through });
      }
    },
    async followUp(relay, kill) {
      pause(relay, 'all turns');
      await relay.rotate('follow-up', ORDER, { through: checking(relay, kill.through) });
    },
    async cleanUp(relay) {
      const through = checking(relay);
      await relay.reap();
      pause(relay, 'all turns');
      await correct(relay);
      let ended = '';
      // An item that has failed several times is only tried again after a while.
      for (let attempt = 0; attempt < ATTEMPTS && !isOver(ended); attempt += 1) {
        pause(relay, 'a correction');
        await relay.sync(`after-${attempt}`, CHANGES, { through });
        await relay.rotate(`last-${attempt}`, ORDER, { through });
        check(relay, 'the last turn');
        ended = await reasonsOf(relay, `last-${attempt}`);
      }
      if (!isOver(ended)) errorsOf(relay).add(`The last turn: ${ended}.`);
    },
    ending: changesOf,
    findErrors: (relay) => [...errorsOf(relay), ...openRequestsOfOurs(relay).map(({ reason }) => `Open: ${reason}`)],
    isSequential: true,
  };
};

/** Steps that read or write the records of turns. The campaigns of syncs cover the others. */
const STEPS_OF_TURNS: ReadonlySet<string> = new Set(['sync/plan', 'sync/report']);

/** Selects the moments of the steps that decide about turns. */
export const momentsOfTurns = ({ steps, distinctMoments }: CrashResult): number[] =>
  distinctMoments.filter((moment) => {
    const step = steps[moment] ?? '';
    return step.startsWith('rotate/') || STEPS_OF_TURNS.has(step);
  });

/** Selects every nth of those moments, starting in mid-stride. */
export const everyNthOfTurns =
  (stride: number) =>
  (result: CrashResult): number[] =>
    momentsOfTurns(result).filter((_, index) => index % stride === Math.floor(stride / 2));

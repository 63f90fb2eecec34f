import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { type RotationProgress, type RotationReport, rotationAt } from '#shared/records/rotation-record.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import type { Scenario } from '#test/support/crash.ts';
import { type CrashableRelay, type RunOptions, watching } from '#test/support/crashable-relay.ts';
import { SEED } from '#test/support/crashable-site.ts';
import type { PlayedStep } from '#test/support/crashable-steps.ts';
import { brokenRotations, rotationErrors, rotationReport } from '#test/support/rotation-promises.ts';
import { ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const RULE = 'weekly';
const CHANGE = 'ManagedAccounts/{id}/Credentials/Change';
const TEST = 'ManagedAccounts/{id}/Credentials/Test';
const CHANGES = { sync: 'databases' };
/** Accounts that rotate. */
export const ACCOUNTS = 6;
const CONCURRENCY = 1;
const DEADLINE_MINUTES = 5;
const QUIET_MINUTES = 30;
const SECOND_MINUTES = 1 / 60;
const ATTEMPTS = 4;

const PLAIN = createFleet({ accounts: 8 * ACCOUNTS, seed: SEED })
  .filter(({ kind }) => kind === 'plain')
  .map((account) => ({ ...account, maxConcurrentRequests: 0 }));
/** The first two accounts are held by other clients. */
const [HELD = ''] = PLAIN.map(({ systemName }) => systemName);
const isHeld = ({ systemName }: { readonly systemName: string }): boolean => systemName === HELD;
const FLEET = [...PLAIN.filter(isHeld).slice(0, 2), ...PLAIN.filter((account) => !isHeld(account)).slice(0, ACCOUNTS)];

/** A canary, and waves whose accounts change one after the other. */
const CONFIG = aRotationConfig(
  {
    select: { systems: ['*', `!${HELD}`] },
    canary: 1,
    size: 3,
    perSystem: 3,
    concurrency: CONCURRENCY,
    pauseMinutes: 10,
    deadlineMinutes: DEADLINE_MINUTES,
    threshold: { count: 2 },
    unordered: true,
  },
  { name: 'prod/{systemName}/{domainName}/{accountName}', value: '{credential}', requestMinutes: 120 },
);

/** Behaviour of an account when it changes. */
export type Fate = 'rotates' | 'fails its test' | 'changes late' | 'never changes';

/** A message `rotation.stopped`. */
export interface StopMessage {
  /** Number of calls, or of waits, of the run before the message. After all of them: after its end. */
  readonly after: { readonly calls: number } | { readonly waits: number };
  /** Its id. A message with a known id is a repetition. */
  readonly id: number;
  /** Minutes by which it arrives after it was sent. */
  readonly lateMinutes: number;
}

/** One run of the rotation: the first one, or one that resumes it. */
export interface StoppedRun {
  readonly stops: readonly StopMessage[];
  readonly acceptFailures: boolean;
  readonly retries: boolean;
}

interface Watched {
  readonly retried: Map<string, number>;
  readonly stopIds: Map<number, number>;
  from: number;
}

const known = new WeakMap<CrashableRelay, Watched>();
const watchedIn = (relay: CrashableRelay): Watched => {
  const watched = known.get(relay) ?? { retried: new Map(), stopIds: new Map(), from: relay.simulator.audit.length };
  known.set(relay, watched);
  return watched;
};

/** Accounts of the calls with this path since an index of the audit. */
const callsSince = ({ simulator }: CrashableRelay, path: string, from: number): number[] =>
  simulator.audit
    .slice(from)
    .filter(({ template, tookEffect }) => template === path && tookEffect)
    .flatMap(({ accountIds }) => accountIds);

const progressOf = async ({ shared }: CrashableRelay, run: string): Promise<RotationProgress | undefined> =>
  (await shared.read(rotationAt.progress({ rule: RULE, run })))?.record;

const labelsIn = ({ simulator }: CrashableRelay, title: string) =>
  simulator
    .accounts()
    .filter(({ systemName, accountName }) => title.includes(`${systemName}/${accountName}`))
    .map(({ systemName, accountName }) => ({ systemName, accountName }));

/** Sends the stops of a run, and checks that nothing starts after one of them. */
const stopper = (relay: CrashableRelay, run: string, stops: readonly StopMessage[]) => {
  const left = new Set(stops);
  let [calls, waits] = [0, 0];
  let startedAt = Number.NaN;
  let stopped: { readonly from: number; readonly mayStart: number } | undefined;
  const send = async ({ id, lateMinutes }: StopMessage, step: PlayedStep | undefined): Promise<void> => {
    const { stopIds } = watchedIn(relay);
    const sentAt = relay.now() - lateMinutes * 60_000;
    await relay.sendMessage({ type: 'rotation.stopped', rotation: RULE, id: `stop-${id}` }, { sentAt });
    const counts = stopIds.get(id) ?? sentAt;
    stopIds.set(id, counts);
    // A function that looks for a stop before the message can still start one account.
    const mayStart = step === 'rotate/advance' ? CONCURRENCY : 0;
    if (counts >= startedAt) stopped ??= { from: relay.simulator.audit.length, mayStart };
  };
  const due = (isDue: (message: StopMessage) => boolean): StopMessage[] => {
    const found = [...left].filter(isDue);
    for (const one of found) left.delete(one);
    return found;
  };
  return {
    options: ({ through, wait = async (seconds) => relay.advance(seconds / 60) }: RunOptions): RunOptions => ({
      through: watching((step) => {
        if (Number.isNaN(startedAt)) startedAt = relay.now();
        calls += 1;
        const now = due(({ after }) => 'calls' in after && after.calls === calls);
        return now.length === 0
          ? undefined
          : async () => {
              for (const one of now) await send(one, step);
            };
      }, through),
      async wait(seconds) {
        waits += 1;
        relay.advance(SECOND_MINUTES);
        for (const one of due(({ after }) => 'waits' in after && after.waits === waits)) await send(one, undefined);
        await wait(seconds);
      },
    }),
    async end(): Promise<void> {
      const started = stopped && callsSince(relay, CHANGE, stopped.from);
      if (started !== undefined && started.length > (stopped?.mayStart ?? 0)) {
        rotationErrors(relay).push(`${run} started ${started.join(' and ')} after a stop.`);
      }
      relay.advance(1);
      for (const one of due(() => true)) await send(one, undefined);
      relay.advance(1);
    },
  };
};

const behave = ({ simulator }: CrashableRelay, fates: readonly Fate[]): void => {
  const rotated = simulator.accounts().filter((account) => !isHeld(account));
  for (const [index, { accountId }] of rotated.entries()) {
    const fate = fates[index] ?? 'rotates';
    simulator.target(accountId).behave({
      acceptsCredential: fate !== 'fails its test',
      changes: fate === 'changes late' ? 'late' : fate === 'never changes' ? 'never' : 'once',
      lateMs: 2 * DEADLINE_MINUTES * 60_000,
    });
  }
};

/** Order that resumes the rotation of a run, with what a retry may name in it. */
const resumeOf = async (relay: CrashableRelay, run: string, { acceptFailures, retries }: Omit<StoppedRun, 'stops'>) => {
  const items = (await progressOf(relay, run))?.state.items ?? [];
  const failed = items.filter(({ status }) => status === 'failed' || status === 'testFailed');
  const retry = retries ? failed.flatMap(({ title }) => labelsIn(relay, title)) : [];
  const { retried } = watchedIn(relay);
  for (const { accountName, systemName } of retry) {
    const name = `${systemName}/${accountName}`;
    retried.set(name, (retried.get(name) ?? 0) + 1);
  }
  return { rule: RULE, trigger: 'message', resume: { acceptFailures, retry } } as const;
};

/** Latest run that has progress, which the next one continues. */
const latestOf = async (relay: CrashableRelay, ids: readonly string[]): Promise<string> => {
  for (const id of ids.toReversed()) {
    if ((await progressOf(relay, `${RULE}.${id}`)) !== undefined) return `${RULE}.${id}`;
  }
  return `${RULE}.${ids[0]}`;
};

const wrongEnd = async (relay: CrashableRelay, report: RotationReport | undefined, run: string): Promise<string[]> => {
  const { from, retried } = watchedIn(relay);
  const changes = callsSince(relay, CHANGE, from);
  const tests = callsSince(relay, TEST, from);
  const current = new Set(Object.values(relay.manager.currentValues()));
  const items = (await progressOf(relay, run))?.state.items;
  // It was not planned, or ended before it began.
  if (items === undefined || (report === undefined && changes.length === 0)) return [];
  const isRotated = (name: string): boolean =>
    items.some(({ title, status }) => status === 'rotated' && title.includes(name));
  // A sync that died each time delivers nothing, and the report says so.
  const isAdmitted = (name: string): boolean =>
    report?.notes.some((note) => note.includes(name)) === true ||
    report?.deliveries.some(({ status }) => status !== 'SUCCEEDED') === true;
  return [
    ...(report?.items.length === ACCOUNTS ? [] : [`The last report has ${report?.items.length} accounts.`]),
    ...relay.simulator.accounts().flatMap(({ accountId, accountName, systemName, credential }) => {
      const name = `${systemName}/${accountName}`;
      const count = changes.filter((id) => id === accountId).length;
      const allowed = 1 + (retried.get(name) ?? 0);
      return [
        ...(tests.filter((id) => id === accountId).length > relay.simulator.changesOf(accountId)
          ? [`A change of ${name} was tested twice.`]
          : []),
        ...(count > allowed ? [`${name} was changed ${count} times, of ${allowed}.`] : []),
        ...(isRotated(name) && !current.has(credential) && !isAdmitted(name)
          ? [`${name} rotated, and was not delivered.`]
          : []),
      ];
    }),
  ];
};

/** True if the outcome of the canary is unknown, so that only a new rotation can begin. */
const isBlocked = async (relay: CrashableRelay, run: string): Promise<boolean> => {
  const state = (await progressOf(relay, run))?.state;
  const canary = state?.items.filter(({ wave }) => wave === 0) ?? [];
  return state?.stop?.reason === 'canary' && canary.every(({ status }) => status === 'unknown');
};

/** A rotation that messages stop, and that others resume until its end. */
export const stoppedRotation = (runs: readonly StoppedRun[], fates: readonly Fate[]): Scenario => {
  const ids = runs.map((_, index) => `run-${index}`);
  return {
    config: CONFIG,
    site: { users: ROTATING_USERS, fleet: FLEET },
    async prepare(relay) {
      await relay.sync('before', CHANGES);
      relay.advance(QUIET_MINUTES);
      behave(relay, fates);
      watchedIn(relay);
    },
    async act(relay, { through }) {
      for (const [index, { stops, ...resume }] of runs.entries()) {
        const run = `${RULE}.${ids[index]}`;
        const order =
          index === 0
            ? ({ rule: RULE, trigger: 'message' } as const)
            : await resumeOf(relay, await latestOf(relay, ids.slice(0, index)), resume);
        const { options, end } = stopper(relay, run, stops);
        await relay.rotate(`run-${index}`, order, options({ through }));
        await end();
      }
    },
    followUp: async () => {},
    async cleanUp(relay) {
      await relay.reap();
      relay.advance(QUIET_MINUTES);
      behave(relay, []);
      const all = [...ids];
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const before = await latestOf(relay, all);
        const order = await resumeOf(relay, before, { acceptFailures: true, retries: true });
        all.push(`last-${attempt}`);
        await relay.rotate(`last-${attempt}`, order);
        const ended = await rotationReport(relay, RULE, `${RULE}.last-${attempt}`);
        relay.advance(QUIET_MINUTES);
        const isDone =
          ended?.status === 'SKIPPED' && ended.notes.some((note) => note.startsWith('There is no rotation'));
        const last = await latestOf(relay, all);
        if (isDone || (await isBlocked(relay, last))) {
          rotationErrors(relay).push(...(await wrongEnd(relay, await rotationReport(relay, RULE, last), last)));
          return;
        }
      }
      rotationErrors(relay).push('A resumed rotation does not end.');
    },
    findErrors: (relay) => [...rotationErrors(relay), ...brokenRotations(relay, RULE)],
    isSequential: true,
  };
};

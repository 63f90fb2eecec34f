import { randomUUID } from 'node:crypto';
import type { RelayConfig } from '#shared/config/schema.ts';
import { aConfig } from '#test/support/configs.ts';
import { CrashPlan } from '#test/support/crashable-process.ts';
import {
  brokenPromises,
  isRetired,
  openRequestsOfOurs,
  secretsIn,
  wrongHistories,
} from '#test/support/crashable-promises.ts';
import { type CrashableRelay, startCrashableRelay } from '#test/support/crashable-relay.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { machines } from '#test/support/machines.ts';
import { BUDGET, type Model, watch } from '#test/support/model-rules.ts';
import { type SteppedRun, startSteppedRun } from '#test/support/stepped-run.ts';
import { termsOf } from '#test/support/terms.ts';

export const SYNCS = ['databases', 'copies'] as const;
const FOLDERS = ['prod/', 'copy/'];
const ACCOUNTS = 8;
const LONG_MINUTES = 100_000;
const MAX_PARK_MINUTES = 7 * 24 * 60;
/** The account names that each selection excludes. No two accounts share one of these names. */
const LEFT_OUT = [[], ['svc-deploy'], ['svc-deploy', 'svc-backup']];
/** The secret name of a deliverable account. The secret already exists and is not ours. */
const FOREIGN = 'prod/web-0001/_/admin';
const BY_HAND = 'kept by hand';

/** A random event. Numbers are positions in the current list, modulo its length; -1 is the last. */
export type Event =
  | {
      readonly what: 'start';
      readonly sync: (typeof SYNCS)[number];
      readonly verify: boolean;
      readonly isListed: boolean;
    }
  /** A step of a run that is killed, or interrupted by other events. */
  | {
      readonly what: 'step';
      readonly run: number;
      readonly moment: number;
      readonly disturbance: readonly Event[] | 'death';
    }
  | { readonly what: 'finish' | 'abort'; readonly run: number }
  | { readonly what: 'reap'; readonly deathAt: number }
  | { readonly what: 'change'; readonly account: number }
  | { readonly what: 'open'; readonly account: number; readonly by: 'person' | 'another relay' }
  | { readonly what: 'close'; readonly request: number }
  | { readonly what: 'approve' | 'deny'; readonly request: number }
  | { readonly what: 'pass'; readonly minutes: number }
  | { readonly what: 'select'; readonly leftOut: number };

const configWithout = (leftOut: readonly string[]): RelayConfig => {
  const selected = { select: { accounts: leftOut.map((name) => `!${name}`) }, value: '{credential}', concurrency: 1 };
  const [prod, copy] = FOLDERS.map((folder) =>
    aConfig({
      ...selected,
      name: `${folder}{systemName}/{domainName}/{accountName}`,
      orphans: { policy: 'delete', budget: BUDGET },
    }),
  );
  if (prod === undefined || copy === undefined) throw new Error('There are two folders.');
  return {
    ...prod,
    syncs: { ...prod.syncs, ...Object.fromEntries(Object.values(copy.syncs).map((sync) => ['copies', sync])) },
  };
};

const pick = <T>(list: readonly T[], index: number): T | undefined => list.at(index % Math.max(1, list.length));

export type ModelWorld = Awaited<ReturnType<typeof startModelWorld>>;

/** A relay with two syncs of the same accounts, other users of the same vault, and a watcher of both. */
export const startModelWorld = async () => {
  const relay = await startCrashableRelay({ machines, config: configWithout([]), fleet: sharedFleet(ACCOUNTS) });
  relay.manager.handle('CreateSecret', { Name: FOREIGN, SecretString: BY_HAND, ClientRequestToken: randomUUID() });
  const model: Model = { others: new Map(), leftOut: new Set() };
  const watcher = watch(relay, model);
  const runs: SteppedRun[] = [];
  const idle = () => runs.filter(({ isOver, isBusy }) => !isOver && !isBusy);

  const step = (run: SteppedRun, crashPlan?: CrashPlan) => watcher.as(run.name, () => run.step(crashPlan));
  const finish = async (run: SteppedRun): Promise<void> => {
    while (!run.isOver) await step(run);
  };
  const reap = async (crashPlan?: CrashPlan): Promise<void> => {
    const hasCompleted = await watcher.as('reap', () => relay.reap(crashPlan));
    if (hasCompleted) watcher.nothingOfEndedRuns();
  };

  const handlers: { [What in Event['what']]: (event: Extract<Event, { what: What }>) => Promise<unknown> | unknown } = {
    start: async ({ sync, verify, isListed }) => {
      const order = { sync, mode: verify ? ('verify' as const) : ('changes' as const) };
      runs.push(await startSteppedRun(relay, String(runs.length), order, { isListed }));
    },
    step: ({ run, moment, disturbance }) => {
      const stepping = pick(idle(), run);
      if (stepping === undefined) return;
      const interruption = disturbance === 'death' ? disturbance : () => applyAll(disturbance);
      return step(stepping, new CrashPlan([moment, interruption]));
    },
    finish: ({ run }) => {
      const finishing = pick(idle(), run);
      return finishing && finish(finishing);
    },
    abort: ({ run }) =>
      pick(
        runs.filter(({ isOver }) => !isOver),
        run,
      )?.abort(),
    reap: ({ deathAt }) => reap(new CrashPlan([deathAt, 'death'])),
    change: ({ account }) => {
      const changed = pick(relay.simulator.accounts(), account);
      // Only a verify run distinguishes two changes with the same date.
      relay.advance(1 / 60);
      if (changed !== undefined) relay.simulator.changeCredential(changed.accountId);
    },
    open: ({ account, by }) => openForOthers(relay, model, account, by),
    close: ({ request }) => watcher.as('others', () => closeForOthers(relay, model, request)),
    approve: ({ request }) => decide(relay, request, 'approve'),
    deny: ({ request }) => decide(relay, request, 'deny'),
    pass: ({ minutes }) => relay.advance(minutes),
    select: ({ leftOut }) => {
      const names = pick(LEFT_OUT, leftOut) ?? [];
      for (const name of names) model.leftOut.add(name);
      relay.deploy(configWithout(names));
    },
  };
  const apply = async (event: Event): Promise<void> => {
    await Reflect.apply(handlers[event.what], undefined, [event]);
  };

  const applyAll = async (events: readonly Event[]): Promise<void> => {
    for (const event of events) await apply(event);
  };

  return {
    applyAll,
    /** A sentence for each rule broken so far. */
    broken: (): string[] => [
      ...watcher.broken(),
      ...FOLDERS.flatMap((folder) => wrongHistories(relay, folder, [FOREIGN])),
      ...(relay.manager.currentValues()[FOREIGN] === BY_HAND ? [] : ['A foreign secret was written to.']),
    ],
    /**
     * Finishes every run, then syncs twice: a first sync that mistakes a change for the vault's rotation parks the
     * account, and the second one delivers it after the park has ended.
     */
    async settle(): Promise<string[]> {
      for (const run of runs) await finish(run);
      // The relay does not read under a request that another relay opened as the same user, so close those too.
      for (const [id, by] of model.others) if (by === 'another relay') await closeFor(relay, model, id, by);
      relay.deploy(configWithout([]));
      for (const id of ['next', 'last']) {
        relay.advance(MAX_PARK_MINUTES + 1);
        for (const sync of SYNCS) await relay.sync(id, { sync });
      }
      await reap();
      return FOLDERS.flatMap((folder) => [
        ...brokenPromises(relay, folder, [FOREIGN]),
        ...secretsIn(relay, folder)
          .filter((name) => isRetired(relay, name))
          .map((name) => `${name} is selected again and still retired.`),
      ]);
    },
    close: () => relay.close(),
  };
};

const openForOthers = async (relay: CrashableRelay, model: Model, index: number, by: 'person' | 'another relay') => {
  const account = pick(
    relay.simulator.accounts().filter(({ kind }) => kind !== 'not-requestable'),
    index,
  );
  if (account === undefined) return;
  const reason =
    by === 'person' ? 'Maintenance' : 'Theirs [pam-relay.000000000000.eu-west-1/sync/databases/databases.0/0]';
  const signedIn = by === 'person' ? relay.asPerson : relay.asOwnUser;
  const terms = termsOf({ minutes: LONG_MINUTES, reason });
  // If a request is already open, the vault shares it or reports a conflict.
  const opened = await signedIn((leases) => leases.open(itemOf(account), terms)).catch(() => undefined);
  if (opened?.ours === true) model.others.set(Number(opened.id), by);
};

const closeForOthers = async (relay: CrashableRelay, model: Model, index: number) => {
  const [requestId, by] = pick([...model.others], index) ?? [];
  if (requestId !== undefined && by !== undefined) await closeFor(relay, model, requestId, by);
};

const closeFor = async (relay: CrashableRelay, model: Model, requestId: number, by: 'person' | 'another relay') => {
  model.others.delete(requestId);
  await (by === 'person' ? relay.asPerson : relay.asOwnUser)((leases) => leases.close(String(requestId), 'Done'));
};

const decide = (relay: CrashableRelay, index: number, decision: 'approve' | 'deny') => {
  const pending = openRequestsOfOurs(relay).filter(({ status }) => status === 'pending');
  const request = pick(pending, index);
  if (request !== undefined) relay.simulator[decision](request.requestId);
};

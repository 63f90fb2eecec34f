import { randomUUID } from 'node:crypto';
import type { RelayConfig } from '#shared/config/schema.ts';
import { aConfig } from '#test/support/configs.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { machines } from '#test/support/machines.ts';
import { BUDGET, type Model, watch } from '#test/support/model-rules.ts';
import { Fate } from '#test/support/mortal.ts';
import {
  brokenPromises,
  isRetired,
  openRequestsOfOurs,
  secretsIn,
  wrongHistories,
} from '#test/support/mortal-promises.ts';
import { type MortalRelay, startMortalRelay } from '#test/support/mortal-relay.ts';
import { sharedFleet } from '#test/support/mortal-site.ts';
import { type SteppedRun, startSteppedRun } from '#test/support/stepped-run.ts';
import { termsOf } from '#test/support/terms.ts';

export const SYNCS = ['databases', 'copies'] as const;
const FOLDERS = ['prod/', 'copy/'];
const ACCOUNTS = 8;
const LONG_MINUTES = 100_000;
const LONGEST_PARK_MINUTES = 7 * 24 * 60;
/** Selections by what they leave out: accounts of which no other has the name. */
const LEFT_OUT = [[], ['svc-deploy'], ['svc-deploy', 'svc-backup']];
/** The secret of an account that can be delivered, was it not for somebody who made it first. */
const FOREIGN = 'prod/web-0001/_/admin';
const BY_HAND = 'kept by hand';

/** What may happen. Numbers are positions in whatever list there is at the time, counted around; -1 is the last. */
export type Event =
  | {
      readonly what: 'start';
      readonly sync: (typeof SYNCS)[number];
      readonly verify: boolean;
      readonly isListed: boolean;
    }
  /** A step of a run, in the middle of which other things happen, or it dies. */
  | {
      readonly what: 'step';
      readonly run: number;
      readonly moment: number;
      readonly meanwhile: readonly Event[] | 'death';
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

/** A relay with two syncs of the same accounts, other people at the same vault, and whoever watches both. */
export const startModelWorld = async () => {
  const relay = await startMortalRelay({ machines, config: configWithout([]), fleet: sharedFleet(ACCOUNTS) });
  relay.manager.handle('CreateSecret', { Name: FOREIGN, SecretString: BY_HAND, ClientRequestToken: randomUUID() });
  const model: Model = { others: new Map(), leftOut: new Set() };
  const watcher = watch(relay, model);
  const runs: SteppedRun[] = [];
  const idle = () => runs.filter(({ isOver, isBusy }) => !isOver && !isBusy);

  const step = (run: SteppedRun, fate?: Fate) => watcher.as(run.name, () => run.step(fate));
  const finish = async (run: SteppedRun): Promise<void> => {
    while (!run.isOver) await step(run);
  };
  const reap = async (fate?: Fate): Promise<void> => {
    const lived = await watcher.as('reap', () => relay.reap(fate));
    if (lived) watcher.nothingOfEndedRuns();
  };

  const handlers: { [What in Event['what']]: (event: Extract<Event, { what: What }>) => Promise<unknown> | unknown } = {
    start: async ({ sync, verify, isListed }) => {
      const order = { sync, mode: verify ? ('verify' as const) : ('changes' as const) };
      runs.push(await startSteppedRun(relay, String(runs.length), order, { isListed }));
    },
    step: ({ run, moment, meanwhile }) => {
      const stepping = pick(idle(), run);
      if (stepping === undefined) return;
      const happening = meanwhile === 'death' ? meanwhile : () => happenAll(meanwhile);
      return step(stepping, new Fate([moment, happening]));
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
    reap: ({ deathAt }) => reap(new Fate([deathAt, 'death'])),
    change: ({ account }) => {
      const changed = pick(relay.simulator.accounts(), account);
      // Two changes of the same date are told apart by a verify run alone.
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
  const happen = async (event: Event): Promise<void> => {
    await Reflect.apply(handlers[event.what], undefined, [event]);
  };

  const happenAll = async (events: readonly Event[]): Promise<void> => {
    for (const event of events) await happen(event);
  };

  return {
    happenAll,
    /** A sentence for each rule that was broken so far. */
    broken: (): string[] => [
      ...watcher.broken(),
      ...FOLDERS.flatMap((folder) => wrongHistories(relay, folder, [FOREIGN])),
      ...(relay.manager.currentValues()[FOREIGN] === BY_HAND ? [] : ['A foreign secret was written to.']),
    ],
    /**
     * Lets everything come to rest: what runs, ends; a sync that takes a change for the vault's rotation parks the
     * account; and once that is over, the next one delivers.
     */
    async settle(): Promise<string[]> {
      for (const run of runs) await finish(run);
      // What another relay has open as the same user is not read under: it is through, too.
      for (const [id, by] of model.others) if (by === 'another relay') await closeFor(relay, model, id, by);
      relay.deploy(configWithout([]));
      for (const id of ['next', 'last']) {
        relay.advance(LONGEST_PARK_MINUTES + 1);
        for (const sync of SYNCS) await relay.sync(id, { sync });
      }
      await reap();
      return FOLDERS.flatMap((folder) => [
        ...brokenPromises(relay, folder, [FOREIGN]),
        ...secretsIn(relay, folder)
          .filter((name) => isRetired(relay, name))
          .map((name) => `${name} is wanted again and still retired.`),
      ]);
    },
    close: () => relay.close(),
  };
};

const openForOthers = async (relay: MortalRelay, model: Model, index: number, by: 'person' | 'another relay') => {
  const account = pick(
    relay.simulator.accounts().filter(({ kind }) => kind !== 'not-requestable'),
    index,
  );
  if (account === undefined) return;
  const reason =
    by === 'person' ? 'Looking after it' : 'Theirs [pam-relay.000000000000.eu-west-1/sync/databases/databases.0/0]';
  const signedIn = by === 'person' ? relay.asPerson : relay.asOwnUser;
  const terms = termsOf({ minutes: LONG_MINUTES, reason });
  // The vault may have one that is open: then it is shared, or a conflict.
  const opened = await signedIn((leases) => leases.open(itemOf(account), terms)).catch(() => undefined);
  if (opened?.ours === true) model.others.set(Number(opened.id), by);
};

const closeForOthers = async (relay: MortalRelay, model: Model, index: number) => {
  const [requestId, by] = pick([...model.others], index) ?? [];
  if (requestId !== undefined && by !== undefined) await closeFor(relay, model, requestId, by);
};

const closeFor = async (relay: MortalRelay, model: Model, requestId: number, by: 'person' | 'another relay') => {
  model.others.delete(requestId);
  await (by === 'person' ? relay.asPerson : relay.asOwnUser)((leases) => leases.close(String(requestId), 'Done'));
};

const decide = (relay: MortalRelay, index: number, decision: 'approve' | 'deny') => {
  const pending = openRequestsOfOurs(relay).filter(({ status }) => status === 'pending');
  const request = pick(pending, index);
  if (request !== undefined) relay.simulator[decision](request.requestId);
};

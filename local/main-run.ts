import type { Written } from './aws/written.ts';
import { measureRun, type RunFigures } from './figures.ts';
import { brokenPromises, isDeliverable } from './promises.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

export interface MainRunOptions extends WorldOptions {
  /** How many plain accounts change between the two runs. */
  readonly changed: number;
  /** What was printed so far, to be searched as well. */
  readonly printed?: () => Written;
}

/** What two scheduled runs, with changes between them, came to. */
export interface MainRun {
  readonly runs: readonly [RunFigures, RunFigures];
  readonly openRequests: number;
  readonly openSessions: number;
  readonly canaryHits: number;
  /** A sentence for each promise that did not hold. */
  readonly broken: readonly string[];
  /** Where the logs and histories are. */
  readonly directory: string;
}

const HALF_AN_HOUR = 30 * 60_000;

/** The main job, from an empty machine to an empty machine. @throws RunFailed when a run ends without a result. */
export const mainRun = async (options: MainRunOptions): Promise<MainRun> => {
  const world = await startWorld(options);
  try {
    return await runTwice(world, options);
  } finally {
    await world.close();
  }
};

const runTwice = async (world: World, options: MainRunOptions): Promise<MainRun> => {
  const { changed, printed, onProgress: say = () => {} } = options;
  const { vault, clock, directory } = world;

  say('Run 1: everything is new');
  const first = await measureRun(world, say);
  clock.advance(HALF_AN_HOUR);
  const plain = vault.accounts().filter(({ kind }) => kind === 'plain');
  for (const { accountId } of spread(plain, changed)) vault.changeCredential(accountId);
  clock.advance(HALF_AN_HOUR);
  say(`Run 2, an hour later; credentials changed in the vault: ${changed}`);
  const second = await measureRun(world, say);
  await world.runReap();

  say('Searching everything that was written for credentials');
  const leaks = await world.findLeaks(...(printed === undefined ? [] : [printed()]));
  return {
    runs: [first, second],
    openRequests: vault.openRequests().length,
    openSessions: vault.openSessions().length,
    canaryHits: leaks.length,
    broken: [
      ...misdelivered('Run 1', first, vault.accounts().filter(isDeliverable).length),
      ...misdelivered('Run 2', second, changed),
      ...brokenPromises(world, leaks),
    ],
    directory,
  };
};

const misdelivered = (run: string, { delivered }: RunFigures, expected: number): string[] =>
  delivered === expected ? [] : [`${run} delivered ${delivered} credentials instead of ${expected}.`];

/** So many of a list, evenly over its length, so that every page and batch may meet some. */
const spread = <T>(list: readonly T[], howMany: number): T[] =>
  list.filter(
    (_, index) => Math.floor(((index + 1) * howMany) / list.length) > Math.floor((index * howMany) / list.length),
  );

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationReport } from '#shared/records/rotation-record.ts';
import { renderRotationPage } from '#shared/report-page/rotation-page.ts';
import { renderSyncPage } from '#shared/report-page/sync-page.ts';
import type { Written } from './aws/written.ts';
import { type Organization, startOrganization } from './directory/organization.ts';
import { type DirectoryFigures, playDirectory } from './directory/play.ts';
import { measureRun, type RunFigures } from './figures.ts';
import { brokenPromises, isDeliverableTo } from './promises.ts';
import { type ProvisioningFigures, runProvisioning } from './provisioning.ts';
import type { RelayWorld, RelayWorldOptions } from './relay-world.ts';
import { playRotation } from './rotations/play.ts';
import type { RotationFigures } from './rotations/rotate.ts';
import { spread } from './spread.ts';
import { type SraWorldOptions, startSraWorld } from './sra-world.ts';
import type { LocalStore } from './stores.ts';
import { livesFor } from './tickets/lives.ts';
import { playTickets, type TicketFigures } from './tickets/play.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

/** Factor for the pauses of machines that wait for their turn. */
const TURN_SCALE = 0.1;

/** Options of two runs of the sync. */
interface SyncOptions extends Pick<RelayWorldOptions, 'onProgress'> {
  /** Number of plain accounts whose credentials change between the two runs. */
  readonly changed: number;
  /** Printed output so far, which is also searched for credentials. */
  readonly printed?: () => Written;
}

export interface MainRunOptions extends WorldOptions, SyncOptions {
  /** Number of machines to provision. Default: none. */
  readonly provision?: number;
  readonly rotates?: number;
  /** Number of tickets to play. Default: none. */
  readonly tickets?: number;
  /** Plays an organization in SecretSafe. Default: none. */
  readonly directory?: boolean;
}

/** Result of two scheduled runs with changes between them. */
export interface MainRun {
  readonly runs: readonly [RunFigures, RunFigures];
  readonly openRequests: number;
  readonly openSessions: number;
  readonly canaryHits: number;
  /** Undefined if nothing was provisioned. */
  readonly provisioning: ProvisioningFigures | undefined;
  /** Undefined if no ticket was played. */
  readonly tickets: TicketFigures | undefined;
  /** Undefined if nothing rotated. */
  readonly rotations: RotationFigures | undefined;
  /** Undefined if there was no organization. */
  readonly directory: DirectoryFigures | undefined;
  /** One line for each account that was to rotate, and did not. */
  readonly notRotated: readonly string[];
  /** One sentence for each broken promise. */
  readonly broken: readonly string[];
  /** Paths of the pages of both runs and of the rotations. */
  readonly pages: readonly string[];
  /** Directory of the logs and histories. */
  readonly runDirectory: string;
}

const HALF_AN_HOUR = 30 * 60_000;

/** Runs the product twice and shuts everything down. @throws RunFailed if a run does not succeed. */
export const mainRun = async (options: MainRunOptions): Promise<MainRun> => {
  const provisions = (options.provision ?? 0) > 0;
  const takesTickets = (options.tickets ?? 0) > 0;
  const organization = options.directory === true ? await startOrganization(options.seed) : undefined;
  try {
    return await runWorld({ ...options, provisions, takesTickets }, organization);
  } finally {
    await organization?.close();
  }
};

const runWorld = async (options: MainRunOptions, organization: Organization | undefined): Promise<MainRun> => {
  // Machines that appear together take turns, which shows nothing.
  const world = await startWorld({
    ...(options.provisions && { waitScale: TURN_SCALE }),
    ...options,
    configure(config) {
      options.configure?.(config);
      organization?.addRules(config);
    },
  });
  try {
    await organization?.join(world);
    return await runTwice(world, options, (say) => playExtras(world, options, organization, say));
  } finally {
    await world.close();
  }
};

/** Runs the product twice over a PRA site and shuts everything down. @throws RunFailed if a run does not succeed. */
export const sraRun = async (options: SyncOptions & SraWorldOptions): Promise<MainRun> => {
  const world = await startSraWorld(options);
  try {
    return await runTwice(world, options, async () => NOTHING_MORE);
  } finally {
    await world.close();
  }
};

const NOTHING_MORE: Extras = {
  provisioning: undefined,
  tickets: undefined,
  rotations: undefined,
  directory: undefined,
  notRotated: [],
  broken: [],
  reports: [],
};

/** Results of what a run does beside its syncs. */
interface Extras
  extends Pick<MainRun, 'provisioning' | 'tickets' | 'rotations' | 'directory' | 'notRotated' | 'broken'> {
  /** Ids of accounts whose credential their system refuses. */
  readonly refused?: ReadonlySet<number> | undefined;
  /** Reports of rotations. */
  readonly reports: readonly RotationReport[];
}

const playExtras = async (
  world: World,
  { provision = 0, tickets = 0, rotates = 0 }: MainRunOptions,
  organization: Organization | undefined,
  say: (line: string) => void,
): Promise<Extras> => {
  const provisioned = provision === 0 ? undefined : await runProvisioning(world, provision, say);
  const played = tickets === 0 ? undefined : await playTickets(world, livesFor(tickets), say);
  if (played !== undefined) {
    say('The sync again, which delivers the credentials that changed after their check-ins');
    await world.runSync();
  }
  const rotation = rotates === 0 ? undefined : await playRotation(world, say);
  if (rotation !== undefined) {
    say('The sync again, which does not deliver what failed its test');
    await world.runSync();
  }
  const people = organization === undefined ? undefined : await playDirectory(world, organization, say);
  return {
    provisioning: provisioned?.figures,
    tickets: played?.figures,
    rotations: rotation?.figures,
    directory: people?.figures,
    notRotated: rotation?.left ?? [],
    broken: [
      ...(provisioned?.broken ?? []),
      ...(played?.broken ?? []),
      ...(rotation?.broken ?? []),
      ...(people?.broken ?? []),
    ],
    refused: rotation?.refused,
    reports: rotation?.reports ?? [],
  };
};

/** Runs the sync twice, with changes between the runs, and then the extras. @throws RunFailed */
const runTwice = async (
  world: RelayWorld,
  { changed, printed, onProgress: say = () => {} }: SyncOptions,
  play: (say: (line: string) => void) => Promise<Extras>,
): Promise<MainRun> => {
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
  const promises = [
    ...misdelivered(
      'Run 1',
      world,
      first,
      (store) => vault.accounts().filter((one) => isDeliverableTo(store, one)).length,
    ),
    ...misdelivered('Run 2', world, second, () => changed),
  ];
  const { broken, refused, reports, ...extras } = await play(say);

  say('Searching all written data for credentials');
  const leaks = await world.findLeaks(...(printed === undefined ? [] : [printed()]));
  return {
    runs: [first, second],
    openRequests: vault.openRequests().length,
    openSessions: vault.openSessions().length,
    canaryHits: leaks.length,
    ...extras,
    broken: [...promises, ...broken, ...brokenPromises(world, leaks, refused)],
    pages: [
      await writePage(directory, 1, first),
      await writePage(directory, 2, second),
      ...(await writeRotations(directory, reports)),
    ],
    runDirectory: directory,
  };
};

/** Writes the page of a run, with the calls that the simulators counted. */
const writePage = async (directory: string, run: 1 | 2, figures: RunFigures): Promise<string> => {
  const path = join(directory, `run-${run}.html`);
  const { report, vaultCalls, storeCalls } = figures;
  await writeFile(path, renderSyncPage(report, { vault: vaultCalls.total, store: storeCalls.total }));
  return path;
};

/** Writes the report and the page of each rotation. Returns the paths of the pages. */
const writeRotations = (directory: string, reports: readonly RotationReport[]): Promise<string[]> =>
  Promise.all(
    reports.map(async (report) => {
      const path = join(directory, `rotation-${report.rule}.html`);
      await writeFile(path.replace(/html$/, 'json'), `${JSON.stringify(report, null, 2)}\n`);
      await writeFile(path, renderRotationPage(report));
      return path;
    }),
  );

const misdelivered = (
  run: string,
  { stores }: Pick<RelayWorld, 'stores'>,
  figures: RunFigures,
  expectedIn: (store: LocalStore) => number,
): string[] =>
  stores.flatMap((local) => {
    const { store } = local;
    const expected = expectedIn(local);
    const delivered = figures.stores.find((one) => one.store === store)?.delivered;
    return delivered === expected
      ? []
      : [`${run} delivered ${delivered} credentials to ${store} instead of ${expected}.`];
  });

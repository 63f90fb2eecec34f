import type { RotationReport } from '#shared/records/rotation-record.ts';
import { ageSteps } from '#shared/workflows/rotate.ts';
import { wrongValues } from '../promises.ts';
import type { AccountView } from '../simulators/password-safe/contents.ts';
import type { World } from '../world.ts';
import { isPaired, isRotating, RULE } from './fleet.ts';
import { playPair } from './pair.ts';
import { type RotationFigures, rotate } from './rotate.ts';

/** A rotation in a local run. */

export interface RotationsRun {
  readonly figures: RotationFigures;
  /** One line for each account that did not rotate. */
  readonly left: readonly string[];
  /** Ids of accounts whose new credential their system refuses. No store gets it. */
  readonly refused: ReadonlySet<number>;
  /** One sentence for each broken promise. */
  readonly broken: readonly string[];
  readonly reports: readonly RotationReport[];
}

/** Longer than the vault needs, and less than the rule waits. */
const LATE_MS = 20 * 60_000;

/** The canary is the first account in this order, so the last ones are others. */
const byKey = (one: AccountView, other: AccountView): number =>
  String(one.accountId) < String(other.accountId) ? -1 : 1;

/** Lets the system of the last account refuse its new credential, and the vault be late with the one before it. */
const disturb = ({ vault }: World, accounts: readonly AccountView[]) => {
  const [refused, late] = accounts.slice(1).reverse();
  if (refused !== undefined) vault.target(refused.accountId).behave({ acceptsCredential: false });
  if (late !== undefined) vault.target(late.accountId).behave({ changes: 'late', lateMs: LATE_MS });
  return { refused, late };
};

/** Fires the look at the ages of the credentials. Returns the number of those that are too old or undated. */
const countOld = async ({ aws, clock }: World): Promise<number> => {
  const started = await aws.scheduler.fire(`age.${RULE}`, clock.now());
  if (started.kind !== 'invocation' || !started.result.ok)
    throw new Error('The look at the ages of credentials failed.');
  const { overdue, undated } = ageSteps.age.output.parse(JSON.parse(started.result.payload));
  return overdue + undated;
};

const addFigures = (one: RotationFigures, other: RotationFigures): RotationFigures => ({
  requested: one.requested + other.requested,
  rotated: one.rotated + other.rotated,
  failed: one.failed + other.failed,
  stopped: one.stopped + other.stopped,
});

/**
 * Rotates the marked accounts, and the pair. One changes late, and one fails its test, if there are enough of them.
 */
export const playRotation = async (world: World, say: (line: string) => void): Promise<RotationsRun> => {
  const { vault, stores } = world;
  const accounts = vault.accounts().filter(isRotating).toSorted(byKey);
  const { refused, late } = disturb(world, accounts);
  const changesBefore = new Map(accounts.map(({ accountId }) => [accountId, vault.changesOf(accountId)]));
  const hasPair = vault.accounts().some(isPaired);
  say(
    [
      `Rotation: ${accounts.length} accounts in waves`,
      ...(late === undefined ? [] : ['the vault changes one of them late']),
      ...(refused === undefined ? [] : ['one fails its test']),
      ...(hasPair ? ['then a pair takes its turn'] : []),
    ].join('; '),
  );
  const { figures, left, report } = await rotate(world, RULE);
  const failed = refused === undefined ? 0 : 1;

  const broken: string[] = [];
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) broken.push(`Rotation: ${found} ${what} instead of ${wanted}.`);
  };
  expect('accounts were requested', figures.requested, accounts.length);
  expect('accounts rotated', figures.rotated, accounts.length - failed);
  expect('accounts failed', figures.failed, failed);
  for (const { accountId, systemName, accountName } of accounts) {
    const changes = vault.changesOf(accountId) - (changesBefore.get(accountId) ?? 0);
    expect(`changes of ${systemName}/${accountName}`, changes, 1);
    expect(`tests of ${systemName}/${accountName}`, vault.target(accountId).logOns, 1);
  }
  const rotated = {
    accounts: () => vault.accounts().filter((one) => isRotating(one) && one.accountId !== refused?.accountId),
  };
  for (const store of stores) broken.push(...wrongValues(rotated, store, store.values()));
  expect('credentials are too old after the rotation', await countOld(world), 0);
  const pair = hasPair ? await playPair(world) : undefined;
  broken.push(...(pair?.broken ?? []));
  return {
    figures: pair === undefined ? figures : addFigures(figures, pair.figures),
    left,
    refused: new Set(refused === undefined ? [] : [refused.accountId]),
    broken,
    reports: [report, ...(pair === undefined ? [] : [pair.report])],
  };
};

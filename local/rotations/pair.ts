import { z } from 'zod';
import type { AccountView } from '../simulators/password-safe/contents.ts';
import type { World } from '../world.ts';
import { isPaired, PAIR_RULE, PAIR_SECRET, PAIR_SYNC } from './fleet.ts';
import { type Rotated, rotate } from './rotate.ts';

/** The rotation of a pair in a local run: readers must notice nothing. */

const valueSchema = z.object({ username: z.string(), password: z.string() });

/** The account whose credential the secret has; undefined if the credential opens no account of the pair. */
const openedBy = (value: string | undefined, accounts: readonly AccountView[]): AccountView | undefined => {
  if (value === undefined) return undefined;
  const { username, password } = valueSchema.parse(JSON.parse(value));
  return accounts.find(({ accountName, credential }) => accountName === username && credential === password);
};

/**
 * Delivers the pair, and rotates it. Looks at the secret whenever everything waits: it must open one of the accounts at
 * every moment, and the other one afterwards.
 */
export const playPair = async (
  world: World,
): Promise<Pick<Rotated, 'figures' | 'report'> & { readonly broken: readonly string[] }> => {
  const { vault, aws } = world;
  const opened = (): AccountView | undefined =>
    openedBy(aws.secretsManager.currentValues()[PAIR_SECRET], vault.accounts().filter(isPaired));
  const broken: string[] = [];
  await world.runSync(PAIR_SYNC);
  const before = opened();
  if (before === undefined) broken.push('Rotation: the store has no credential of the pair before its rotation.');
  let gaps = 0;
  const { figures, left, report } = await rotate(world, PAIR_RULE, () => {
    if (opened() === undefined) gaps += 1;
  });
  broken.push(...left.map((line) => `Rotation: ${line}.`));
  if (gaps > 0) broken.push('Rotation: the credential of the pair in the store did not open its account for a while.');
  const after = opened();
  if (after === undefined || after.accountId === before?.accountId)
    broken.push('Rotation: the store does not have the credential of the other account of the pair.');
  if (before !== undefined && vault.credentialOf(before.accountId) !== before.credential)
    broken.push('Rotation: the active account of the pair changed.');
  return { figures, report, broken };
};

import type { Source, VaultSession } from '#shared/connections/vault.ts';
import { describeAddress } from '#shared/domain/addressing.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/**
 * Finds the one item with these labels; undefined if it does not exist or the user may not see it. Raises
 * `RequestRejected` if there are several. Repeatable.
 */
export const findOne = async (
  session: Pick<VaultSession, 'find'>,
  source: Source,
  labels: Labels,
): Promise<Item | undefined> => {
  const found = await session.find(source, labels);
  if (found === 'none') return undefined;
  if (found !== 'several') return found;
  throw new RelayError(
    'RequestRejected',
    `The vault has several items with ${describeAddress(labels)}. Address exactly one: for a directory account, use DOMAIN\\name.`,
  );
};

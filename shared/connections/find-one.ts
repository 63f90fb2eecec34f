import type { Source, VaultSession } from '#shared/connections/vault.ts';
import { describeAddress } from '#shared/domain/addressing.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/**
 * Finds the one item that is addressed so; undefined when the vault says that there is none, or none for this user. Raises
 * `RequestRejected` when there are several. Repeatable.
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
    `The vault knows several items with ${describeAddress(labels)}. Name the one that is meant: a directory account as DOMAIN\\name.`,
  );
};

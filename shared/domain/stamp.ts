import { createHash } from 'node:crypto';
import type { Item } from '#shared/domain/item.ts';

/**
 * Identifies a delivered value by 64 hex digits, derived from the vault's list without reading the credential. The
 * stamp changes with the item, its date of change, its mark, and everything that is rendered around the credential.
 */
export type Stamp = string;

const sha256 = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** Stamp of an item as the vault lists it now. `rendering` is the fingerprint of its rendering. Pure. */
export const stampOf = (
  connection: string,
  { ref, changedAt, mark }: Pick<Item, 'ref' | 'changedAt' | 'mark'>,
  rendering: string,
): Stamp => sha256(connection, ref.kind, ref.id, mark ?? null, changedAt ?? null, rendering);

/** A value that differs although the vault's date of change did not is delivered as the next revision of the stamp. */
const MAX_REVISIONS = 16;

/** A revision of a stamp; revision 0 is the stamp itself. */
export const revise = (stamp: Stamp, revision: number): Stamp => (revision === 0 ? stamp : sha256(stamp, revision));

/** Revision of a stamp that a store holds; undefined if the store holds something else. */
export const revisionOf = (stamp: Stamp, held: Stamp | undefined): number | undefined => {
  for (let revision = 0; held !== undefined && revision < MAX_REVISIONS; revision += 1) {
    if (revise(stamp, revision) === held) return revision;
  }
  return undefined;
};

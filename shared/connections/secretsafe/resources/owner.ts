import type { DirectorySession } from '#shared/connections/directory.ts';
import { readMark, resemblesMark, writeMark } from '#shared/domain/blueprint/mark.ts';

/** The mark of a relay in the external id of a member or group. */

/** True for the external id of another program. Pure. */
export const isForeign = (externalId: string | undefined): boolean =>
  externalId !== undefined && !resemblesMark(externalId);

/** Mark in an external id; undefined if it has none. Pure. */
export const markOf = (externalId: string | undefined): string | undefined => readMark(externalId ?? '').mark;

/** External id with a mark; null for none. Pure. */
export const externalIdFor = (mark: string | undefined): string | null =>
  mark === undefined ? null : writeMark('', mark);

/**
 * Returns a look for another program that manages external ids in the organization. Such a program can remove members
 * whose external id it does not know, so the relay then sets none. One look in each session.
 */
export const watchOthers = (directory: Pick<DirectorySession, 'members' | 'groups'>): (() => Promise<boolean>) => {
  const look = async (): Promise<boolean> => {
    const lists = await Promise.all([directory.members(), directory.groups()]);
    return lists.some(
      ({ rows, rejected }) => rejected.length > 0 || rows.some(({ externalId }) => isForeign(externalId)),
    );
  };
  let found: Promise<boolean> | undefined;
  return async () => {
    found ??= look();
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
};

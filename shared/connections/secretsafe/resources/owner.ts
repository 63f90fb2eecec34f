import type { DirectorySession } from '#shared/connections/directory.ts';

/** The mark of a relay in the external id of a member or group. */

const PREFIX = 'pam-relay/';

const MARK = /^pam-relay\/([a-z][a-z0-9-]{0,30})\/([0-9a-f]{16})$/;

/** True for the external id of another program than a relay. Pure. */
const isForeign = (externalId: string | undefined): boolean =>
  externalId !== undefined && !externalId.startsWith(PREFIX);

/** Mark in an external id; undefined if it has none. Pure. */
export const markOf = (externalId: string | undefined): string | undefined => {
  const [, rule, hash] = MARK.exec(externalId ?? '') ?? [];
  return rule === undefined ? undefined : `${rule} ${hash}`;
};

/** True for an external id that is never replaced, because it is of another program or of a declared state. Pure. */
export const isTaken = (externalId: string | undefined): boolean =>
  externalId !== undefined && markOf(externalId) === undefined;

/** External id with a mark; null for none. Pure. */
export const externalIdFor = (mark: string | undefined): string | null =>
  mark === undefined ? null : `${PREFIX}${mark.replace(' ', '/')}`;

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

import { createHash } from 'node:crypto';

/** Owner mark in the `externalId` of members and groups. */

const PREFIX = 'pam-relay/';

interface Owner {
  readonly relay: string;
  readonly rule: string;
}

/** Mark of a member, by its address, or of a group, by its name. Unique in the directory. */
export const markOf = ({ relay, rule }: Owner, kind: 'member' | 'group', key: string): string =>
  `${PREFIX}${relay}/${rule}/${createHash('sha256').update(`${kind} ${key}`).digest('hex').slice(0, 24)}`;

/** True if the relay made or adopted it under this rule. Pure. */
export const isOurs = ({ relay, rule }: Owner, externalId: string | undefined): boolean =>
  externalId?.startsWith(`${PREFIX}${relay}/${rule}/`) === true;

/** True if another connector has set it. Such a connector removes members that it does not know. Pure. */
export const isForeign = (externalId: string | undefined): boolean =>
  externalId !== undefined && externalId !== '' && !externalId.startsWith(PREFIX);

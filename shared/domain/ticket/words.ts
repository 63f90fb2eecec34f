import { createHash } from 'node:crypto';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { shorten, showText } from '#shared/domain/text.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';

/**
 * Comments on tickets: names and times, and nothing that the vault or the ticket said. The names come from the vault,
 * so they are shown escaped.
 */

const MAX_TEXT = 2000;
const MAX_NAMES = 10;

/** Place of a checkout: the ticket that asked for it. */
export type TicketPlace = Pick<TicketComment, 'route' | 'number'>;

/** Ticket of a checkout; undefined if no ticket asked for it. Pure. */
export const ticketOf = (id: string | undefined, principal: Principal | undefined): TicketPlace | undefined => {
  const [, number] = /^(.+)\.\d+$/.exec(id ?? '') ?? [];
  return principal?.kind === 'route' && number !== undefined ? { route: principal.id, number } : undefined;
};

/** Characters with which ticket systems write links, mentions, images and macros, and plain ones for them. */
const PLAIN: Readonly<Record<string, string>> = { '[': '(', ']': ')', '{': '(', '}': ')', '!': '.', '|': '/' };

const plain = (text: string): string => showText(text).replaceAll(/[[\]{}!|]/g, (one) => PLAIN[one] ?? one);

const listOf = (names: readonly string[]): string => {
  const shown = names.slice(0, MAX_NAMES).map(plain).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
};

const minuteOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const commentOn = (place: TicketPlace, key: string, text: string): TicketComment => ({
  ...place,
  key,
  text: shorten(`pam-relay: ${text}`, MAX_TEXT),
});

/** An opened access. */
export interface Opened {
  readonly id: string;
  /** Titles of the items. */
  readonly items: readonly string[];
  readonly stores: readonly string[];
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Comment on an access that has opened. Pure. */
export const openedComment = (place: TicketPlace, { id, items, stores, until }: Opened): TicketComment =>
  commentOn(
    place,
    `opened.${id}`,
    `access is open until ${minuteOf(until)}: ${listOf(items)}, in the ${stores.length === 1 ? 'store' : 'stores'} ${listOf(stores)}.`,
  );

/** Change of the credential after the check-in; `none` if none was asked for. */
export type Rotated = 'changed' | 'unconfirmed' | 'none';

const ROTATED = {
  changed: ' The credential was changed.',
  unconfirmed: ' The vault has not shown yet that it changed the credential.',
  none: '',
} as const satisfies Record<Rotated, string>;

/** An access that is over. */
export interface Closed {
  readonly id: string;
  readonly items: readonly string[];
  /** Epoch milliseconds. */
  readonly at: number;
  readonly rotated: Rotated;
}

/** Comment on an access that was open and is closed. Pure. */
export const closedComment = (place: TicketPlace, { id, items, at, rotated }: Closed): TicketComment =>
  commentOn(place, `closed.${id}`, `access was closed at ${minuteOf(at)}: ${listOf(items)}.${ROTATED[rotated]}`);

const NOT_OPENED = {
  cancelled: 'access was cancelled before it opened.',
  denied: 'the vault denied the access, or ended it.',
  expired: 'no access was opened: no approval came in time, or an account was in use until the end of the window.',
  failed: 'access could not be opened or closed completely. The operators of the relay are notified.',
  abandoned: 'access ended because of a failure. The operators of the relay are notified.',
} as const;

/** True for a status that {@link endedComment} describes. Pure. */
export const isEndedWithoutAccess = (status: string): status is keyof typeof NOT_OPENED =>
  Object.hasOwn(NOT_OPENED, status);

/** Comment on a checkout that ended otherwise than planned. Pure. */
export const endedComment = (place: TicketPlace, id: string, status: keyof typeof NOT_OPENED): TicketComment =>
  commentOn(place, `ended.${id}`, NOT_OPENED[status]);

/** Comment on a refused state. `reason` is for the owner of the ticket. A reason is told once. Pure. */
export const refusedComment = (place: TicketPlace, reason: string): TicketComment => {
  const digest = createHash('sha256').update(reason).digest('hex').slice(0, 32);
  return commentOn(place, `refused.${digest}`, `not accepted. ${plain(reason)}`);
};

import { createHash } from 'node:crypto';
import { ticketOf } from '#shared/domain/ticket/words.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import type { Run } from '#shared/workflows/run.ts';

/**
 * Checkouts under each ticket: empty objects in the records bucket, written before anything is opened.
 *
 *     ticketed/<hash of the ticket's number>/<rule>/<run>
 *
 * A ticket number can contain slashes, so the key has its hash.
 */
const FOLDER = 'ticketed/';

export const ticketedAt = {
  /** Common prefix of the keys of all checkouts under a ticket. */
  prefix: (number: string): string => `${FOLDER}${createHash('sha256').update(number).digest('hex').slice(0, 40)}/`,
  checkout: (number: string, { rule, run }: Pick<Run, 'rule' | 'run'>): string =>
    `${ticketedAt.prefix(number)}${rule}/${run}`,
  /** Parses a key under the prefix; undefined for any other key. */
  read: (key: string): Pick<Run, 'rule' | 'run'> | undefined => {
    const [, rule, run] = /^ticketed\/[0-9a-f]{40}\/([a-z][a-z0-9-]*)\/([\w.-]+)$/.exec(key) ?? [];
    return rule === undefined || run === undefined ? undefined : { rule, run };
  },
} as const;

/** Numbers of the tickets of a checkout: the one that its request names, and the one of its webhook. Pure. */
export const ticketNumbersOf = ({
  ticket,
  id,
  principal,
}: Pick<CheckoutOrder, 'ticket' | 'id' | 'principal'>): string[] => [
  ...new Set([ticket, ticketOf(id, principal)?.number].filter((number) => number !== undefined)),
];

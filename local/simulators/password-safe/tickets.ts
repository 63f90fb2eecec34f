import type { Wait } from '../common/waits.ts';
import { type Reply, refusal } from './replies.ts';

/**
 * Check of tickets at a server such as ServiceNow, while the call that requests access waits. Source: vendor's pages
 * "Configure ServiceNow with Password Safe Ticket System" and its counterpart for Jira; reference:
 * tickets-and-rotation.md, section 3. The vendor can also compare the principal name or the address of the user.
 */
export interface TicketVerification {
  /** User name of the assignee by the number of the ticket. Every other ticket is unknown. */
  readonly assignees: Readonly<Record<string, string>>;
  /** Time that the ticket server takes to answer, or the site to give up. */
  readonly delayMs: number;
  /**
   * Response of the site if it cannot reach the ticket server. The vendor documents neither its status nor its text, so
   * both statuses are possible. Null if it can be reached.
   */
  readonly unreachable: 400 | 500 | null;
}

export interface TicketSystem {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly isDefault: boolean;
  /** Default: accepts any number. */
  readonly verification?: TicketVerification;
}

/** The ticket of a request. */
export interface RequestTicket {
  readonly systemId: number;
  readonly number: string;
}

const MAX_NUMBER_LENGTH = 20;

export const DEFAULT_TICKET_SYSTEMS: readonly TicketSystem[] = [
  { id: 1, name: 'Service desk', active: true, isDefault: true },
  { id: 2, name: 'Change management', active: true, isDefault: false },
  { id: 3, name: 'Former service desk', active: false, isDefault: false },
];

/** Returns the ticket of a request, null if there is none, or a sentence if the ticket is invalid. */
export const readTicket = (
  systems: readonly TicketSystem[],
  { systemId, number }: { readonly systemId: number | undefined; readonly number: string },
): RequestTicket | null | string => {
  const system = systems.find(({ id, isDefault }) => (systemId === undefined ? isDefault : id === systemId));
  if (systemId !== undefined && system === undefined) return 'The ticket system does not exist.';
  if (system?.active === false) return 'The ticket system is not active.';
  if (number.length > MAX_NUMBER_LENGTH) return `TicketNumber exceeds ${MAX_NUMBER_LENGTH} characters.`;
  if (number === '') return null;
  return system === undefined ? 'There is no default ticket system.' : { systemId: system.id, number };
};

/**
 * Response that refuses a ticket of a user; undefined if its system verifies nothing, or the ticket is assigned to the
 * user. The status and the texts are not documented: 400 is the likely one (reference: tickets-and-rotation.md, section
 * 12).
 */
export const verifyTicket = async (
  { ticketSystems, wait }: { readonly ticketSystems: readonly TicketSystem[]; readonly wait: Wait },
  { userName }: { readonly userName: string },
  ticket: RequestTicket | null,
): Promise<Reply | undefined> => {
  const verification = ticketSystems.find(({ id }) => id === ticket?.systemId)?.verification;
  if (verification === undefined || ticket === null) return undefined;
  await wait(verification.delayMs);
  const { assignees, unreachable } = verification;
  if (unreachable !== null) return refusal(unreachable, 'The ticket system could not be reached.');
  const assignee = Object.hasOwn(assignees, ticket.number) ? assignees[ticket.number] : undefined;
  if (assignee === undefined) return refusal(400, `Ticket ${ticket.number} does not exist.`);
  const isTheirs = assignee.toLowerCase() === userName.toLowerCase();
  return isTheirs ? undefined : refusal(400, `Ticket ${ticket.number} is not assigned to the requestor.`);
};

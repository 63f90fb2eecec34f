export interface TicketSystem {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly isDefault: boolean;
}

/** A ticket as a request carries it. */
export interface RequestTicket {
  readonly systemId: number;
  readonly number: string;
}

const LONGEST_NUMBER = 20;

export const DEFAULT_TICKET_SYSTEMS: readonly TicketSystem[] = [
  { id: 1, name: 'Service desk', active: true, isDefault: true },
  { id: 2, name: 'Change management', active: true, isDefault: false },
  { id: 3, name: 'Former service desk', active: false, isDefault: false },
];

/** What is wrong with the ticket of a request, as a sentence; the ticket otherwise, or null when there is none. */
export const readTicket = (
  systems: readonly TicketSystem[],
  { systemId, number }: { readonly systemId: number | undefined; readonly number: string },
): RequestTicket | null | string => {
  const system = systems.find(({ id, isDefault }) => (systemId === undefined ? isDefault : id === systemId));
  if (systemId !== undefined && system === undefined) return 'The ticket system does not exist.';
  if (system?.active === false) return 'The ticket system is not active.';
  if (number.length > LONGEST_NUMBER) return `TicketNumber exceeds ${LONGEST_NUMBER} characters.`;
  if (number === '') return null;
  return system === undefined ? 'There is no default ticket system.' : { systemId: system.id, number };
};

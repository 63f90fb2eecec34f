export interface TicketSystem {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly isDefault: boolean;
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

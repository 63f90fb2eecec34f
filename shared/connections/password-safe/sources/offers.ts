import * as z from 'zod';
import type { AccessOffer } from '#shared/connections/password-safe/access.ts';
import type { Offer } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

const handleSchema = z.object({ ticketSystemId: z.int().nullable() });

/** Handle of an offer: the ticket system of its policy. */
export const offerHandle = ({ ticketSystemId }: Pick<AccessOffer, 'ticketSystemId'>): Offer['handle'] => ({
  ticketSystemId: ticketSystemId ?? null,
});

/** Ticket system of an offer; undefined for the vault's default one. */
export const ticketSystemIn = (offer: Offer | undefined): number | undefined => {
  if (offer === undefined) return undefined;
  const parsed = handleSchema.safeParse(offer.handle);
  if (!parsed.success) throw new RelayError('ContractViolated', 'The offer belongs to another connection.');
  return parsed.data.ticketSystemId ?? undefined;
};

import * as z from 'zod';
import type { AccessOffer } from '#shared/connections/password-safe/access.ts';
import type { Offer } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

const handleSchema = z.object({ ticketSystemId: z.int().nullable() });

/** What an offer has to say again when it is taken: the ticket system of its policy. */
export const offerHandle = ({ ticketSystemId }: Pick<AccessOffer, 'ticketSystemId'>): Offer['handle'] => ({
  ticketSystemId: ticketSystemId ?? null,
});

/** The ticket system of an offer; undefined for the vault's default one. */
export const ticketSystemIn = (offer: Offer | undefined): number | undefined => {
  if (offer === undefined) return undefined;
  const parsed = handleSchema.safeParse(offer.handle);
  if (!parsed.success) throw new RelayError('ContractViolated', 'An offer of another connection was taken.');
  return parsed.data.ticketSystemId ?? undefined;
};

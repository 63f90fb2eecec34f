import type { RequestTerms } from '#shared/domain/lease.ts';

/** What a sync would ask for. */
export const termsFor = (
  { systemId, accountId }: Pick<RequestTerms, 'systemId' | 'accountId'>,
  more: Partial<RequestTerms> = {},
): RequestTerms => ({
  systemId,
  accountId,
  accessType: 'View',
  durationMinutes: 15,
  reason: 'sync [x/y/0]',
  rotateOnCheckIn: false,
  whenOpen: 'share',
  ...more,
});

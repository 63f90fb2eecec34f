import type { LeaseTerms } from '#shared/connections/vault.ts';

/** Lease terms like those of a sync. */
export const termsOf = (more: Partial<LeaseTerms> = {}): LeaseTerms => ({
  reason: 'sync [x/y/0]',
  minutes: 15,
  changeAtEnd: false,
  whenHeld: 'share',
  ...more,
});

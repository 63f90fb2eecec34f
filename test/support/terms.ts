import type { LeaseTerms } from '#shared/connections/vault.ts';

/** What a sync would ask for, with minutes of its own. */
export const termsOf = (more: Partial<LeaseTerms> = {}): LeaseTerms => ({
  reason: 'sync [x/y/0]',
  minutes: 15,
  changeAtEnd: false,
  whenHeld: 'share',
  ...more,
});

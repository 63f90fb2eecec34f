import type { CredentialKind } from '#shared/connections/password-safe/private-key.ts';
import type { AccessType } from '#shared/connections/password-safe/request-terms.ts';

/**
 * Kinds of content delivered for an account: a credential, or the ticket or file of a session (reference: 2.3, 2.5).
 */
export const DELIVERED_KINDS = [
  'password',
  'dsskey',
  'ssh-ticket',
  'rdp-ticket',
  'rdp-file',
  'application',
  'application-file',
] as const;
export type DeliveredKind = (typeof DELIVERED_KINDS)[number];

/** Kinds of content that open a session: a ticket, or a file that contains one. */
export type SessionType = Exclude<DeliveredKind, CredentialKind>;

export const isCredentialKind = (delivers: DeliveredKind): delivers is CredentialKind =>
  delivers === 'password' || delivers === 'dsskey';

/** Access type that a request needs for each kind of content. */
export const ACCESS_FOR: Readonly<Record<DeliveredKind, AccessType>> = {
  password: 'View',
  dsskey: 'View',
  'ssh-ticket': 'SSH',
  'rdp-ticket': 'RDP',
  'rdp-file': 'RDP',
  application: 'App',
  'application-file': 'App',
};

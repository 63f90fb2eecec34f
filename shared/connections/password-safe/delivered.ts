import type { CredentialKind } from '#shared/connections/password-safe/private-key.ts';
import type { AccessType } from '#shared/connections/password-safe/request-terms.ts';

/** What can be delivered of an account: a credential, or the ticket or file of a session (reference: 2.3, 2.5). */
export const HANDED_OUT = [
  'password',
  'dsskey',
  'ssh-ticket',
  'rdp-ticket',
  'rdp-file',
  'application',
  'application-file',
] as const;
export type HandedOut = (typeof HANDED_OUT)[number];

/** What a session is opened by: a ticket, or a file that holds one. */
export type SessionType = Exclude<HandedOut, CredentialKind>;

export const isCredentialKind = (handsOut: HandedOut): handsOut is CredentialKind =>
  handsOut === 'password' || handsOut === 'dsskey';

/** The access that a request has to be made for, so that this can be handed out. */
export const ACCESS_FOR: Readonly<Record<HandedOut, AccessType>> = {
  password: 'View',
  dsskey: 'View',
  'ssh-ticket': 'SSH',
  'rdp-ticket': 'RDP',
  'rdp-file': 'RDP',
  application: 'App',
  'application-file': 'App',
};

import type { AccessType } from '#shared/domain/lease.ts';

/** What a checkout can deliver: a credential, or the ticket or file of a session (reference: 2.3, 2.5). */
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

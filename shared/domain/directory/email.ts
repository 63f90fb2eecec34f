import * as z from 'zod';

/** Longest address that a directory accepts. */
const MAX_LENGTH = 256;

/**
 * As wide as directories are: a member whose address cannot be declared would keep everyone from leaving. Characters
 * that do not show are no part of an address: with one of them, a person would leave, and a stranger be invited.
 */
const ADDRESS = /^[^\s\p{C}@"]{1,64}@[^\s\p{C}@]{1,255}$/u;

/** One spelling of an address, of which Unicode can have several. Pure. */
export const spellingOf = (email: string): string => email.toLowerCase().normalize('NFC');

/** An e-mail address that people or programs write. */
export const emailAddress = z
  .string()
  .trim()
  .overwrite(spellingOf)
  .pipe(z.email({ pattern: ADDRESS, error: 'use an e-mail address' }).max(MAX_LENGTH));

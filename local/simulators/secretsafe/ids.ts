import { hash } from 'node:crypto';
import * as z from 'zod';

/** The GUID of an object, which depends on nothing but these. */
export const guidFor = (seed: number, kind: string, number: number): string => {
  const digits = hash('sha256', `${seed}/${kind}/${number}`);
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `a${digits.slice(17, 20)}`];
  return [...parts, digits.slice(20, 32)].join('-');
};

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const isGuid = (text: string): boolean => GUID.test(text);

/** Accepted in both cases, and lower-case from then on. */
export const guid = z
  .string()
  .regex(GUID)
  .transform((text) => text.toLowerCase());

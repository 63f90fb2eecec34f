import * as z from 'zod';
import { readVaultDate } from '#shared/connections/password-safe/dates.ts';

/** The kinds of field that rows are made of. The vault sends null for what it does not know. */

const WHOLE_NUMBER = /^\s*-?\d{1,15}\s*$/;
const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** A whole number, also one that comes as text. */
export const int = z.preprocess(
  (value) => (typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value),
  z.int(),
);
export const optionalInt = int.nullish().transform((value) => value ?? undefined);

/** True or false, also as text; null where the vault does not say. */
export const optionalFlag = z.preprocess(
  (value) => (typeof value === 'string' ? (TRUTH.get(value.trim().toLowerCase()) ?? value) : value),
  z.boolean().nullish(),
);

/** Text, which is empty where the vault gives none. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A date as the vault writes it; undefined where it gives none. */
export const date = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => readVaultDate(String(value ?? '')));

import * as z from 'zod';
import { readVaultDate } from '#shared/connections/password-safe/dates.ts';

/** Field types of the rows of the vault, which sends null for unknown values. */

const WHOLE_NUMBER = /^\s*-?\d{1,15}\s*$/;
const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** A whole number, also as text. */
export const int = z.preprocess(
  (value) => (typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value),
  z.int(),
);
export const optionalInt = int.nullish().transform((value) => value ?? undefined);

/** A boolean, also as text; null or undefined if the vault sends no value. */
export const optionalFlag = z.preprocess(
  (value) => (typeof value === 'string' ? (TRUTH.get(value.trim().toLowerCase()) ?? value) : value),
  z.boolean().nullish(),
);

/** Text; empty if the vault sends none. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A date as the vault writes it; undefined if it sends none. */
export const date = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => readVaultDate(String(value ?? '')));

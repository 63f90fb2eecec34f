import { type Fields, isFields } from './calls.ts';
import { Refusal, refusal } from './replies.ts';

/** Fields of a body, converted as leniently as the server's: numbers and durations can be texts. */

/** Reads and patches are validated before the engine sees them, which changes the text of the error. */
export type Validation = 'by the engine' | 'before the engine';

const invalid = (field: string, problem: string, validation: Validation): Refusal => {
  const text = `error converting input for field "${field}": '' ${problem}`;
  return new Refusal(refusal(400, validation === 'by the engine' ? text : `Field validation failed: ${text}`));
};

export const objectIn = (
  fields: Fields,
  field: string,
  validation: Validation = 'by the engine',
): Fields | null | undefined => {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value === undefined || value === null || isFields(value)) return value;
  throw invalid(field, `expected type 'map[string]interface {}', got unconvertible type '${typeof value}'`, validation);
};

export const integerIn = (
  fields: Fields,
  field: string,
  validation: Validation = 'by the engine',
): number | undefined => {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
  throw invalid(field, "cannot parse value as 'int': strconv.ParseInt: invalid syntax", validation);
};

export const flagIn = (fields: Fields, field: string): boolean | undefined => {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  return typeof value === 'boolean' ? value : undefined;
};

export const textIn = (fields: Fields, field: string): string => {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  return typeof value === 'string' ? value : '';
};

/** A list of texts, or one text with commas. */
export const textsIn = (fields: Fields, field: string): readonly string[] => {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (typeof value === 'string') return value.split(',').filter((text) => text !== '');
  return Array.isArray(value) ? value.map(String) : [];
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** A number of seconds, also as a text such as `10`, `600s` or `1h`. Undefined if the field is absent. */
export const secondsIn = (fields: Fields, field: string): number | undefined => {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = ''] = /^(\d+)([smhd]?)$/.exec(value) ?? [];
  if (amount === undefined) throw new Refusal(refusal(400, `error converting input for field "${field}"`));
  return Number(amount) * (UNIT_SECONDS[unit] ?? 1);
};

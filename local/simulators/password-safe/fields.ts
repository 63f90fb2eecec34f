import * as z from 'zod';
import { type Call, integer, readObject } from './calls.ts';
import { type Reply, refusal } from './replies.ts';

/** Text up to a limit. */
export const text = (limit: number) => z.string().max(limit).optional();

/** An integer in a range. */
export const whole = (min: number, max: number) =>
  integer.refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`).optional();

/** A reference to an object, of which 0 never is one. */
export const reference = integer.refine((value) => value > 0, 'must be the id of an object').optional();

/** A positive integer for which clients send 0 if they mean none. */
export const orZero = (max: number) =>
  integer
    .refine((value) => value >= 0 && value <= max, `must be from 0 to ${max}`)
    .transform((value) => (value === 0 ? undefined : value))
    .optional();

/** Names of the schema by their lower-case form, because the product ignores the case of properties. */
const namesOf = (shape: object): ReadonlyMap<string, string> =>
  new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));

/** Renames properties as the schema spells them. Drops unknown ones, null and empty text, which all mean absent. */
const spelled = (shape: object, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const names = namesOf(shape);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
      const known = names.get(name.toLowerCase());
      return known === undefined || field === null || field === '' ? [] : [[known, field]];
    }),
  );
};

/** An object whose properties match in any case. */
export const lenient = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((value) => spelled(shape, value), z.object(shape));

/** Reads a body in the spelling of the schema, or returns the 400 that refuses it. */
export const readBody = <T>(call: Call, schema: z.ZodType<T>): { readonly body: T } | { readonly refused: Reply } => {
  const parsed = readObject(call);
  const result = parsed === undefined ? undefined : schema.safeParse(parsed);
  if (result?.success) return { body: result.data };
  const [issue] = result?.error.issues ?? [];
  if (issue === undefined) return { refused: refusal(400, 'The request body is invalid.') };
  return { refused: refusal(400, `The field ${issue.path.join('.')} is invalid: ${issue.message}`) };
};

/** A row with the present fields of a change. Fields that the row lacks are ignored. */
export const merged = <Row extends object>(row: Row, change: Readonly<Record<string, unknown>>): Row => ({
  ...row,
  ...Object.fromEntries(Object.entries(change).filter(([name, value]) => name in row && value !== undefined)),
});

import * as z from 'zod';

const scalar = z.union([z.string(), z.number()]);

/** Comparable state of a resource, by setting. `null` and an absent setting are equal. Never contains a credential. */
export const fieldsSchema = z
  .record(z.string(), z.union([scalar, z.boolean(), z.null(), z.array(scalar).readonly()]))
  .readonly();
export type Fields = z.infer<typeof fieldsSchema>;
type FieldValue = Fields[string];

/** A setting whose current value is not the wanted one. */
export interface Difference {
  readonly setting: string;
  readonly wanted: FieldValue;
  readonly found: FieldValue;
}

/** The order of a list has no meaning, and an id can be a number or its text. */
const normal = (value: FieldValue | undefined): string =>
  JSON.stringify(
    Array.isArray(value) ? value.map(String).toSorted((one, other) => (one < other ? -1 : 1)) : (value ?? null),
  );

/** Differences in the wanted settings. Settings that only the found state has are ignored. Pure. */
export const differencesIn = (wanted: Fields, found: Fields): readonly Difference[] =>
  Object.entries(wanted).flatMap(([setting, value]) =>
    normal(value) === normal(found[setting]) ? [] : [{ setting, wanted: value, found: found[setting] ?? null }],
  );

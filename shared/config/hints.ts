import * as z from 'zod';

/** Facts about a field for the messages of the loader. They are no part of the published schema. */
interface Hint {
  /** Section whose entries the field names, singly or as a list. */
  readonly namesEntryOf?: Section;
  /** Names that a vendor or its clients use for this setting. Compared without case. */
  readonly vendorNames?: readonly string[];
}

/** Sections whose entries other fields name. */
export type Section = 'connections' | 'stores';

/** Hints by field. A field that is derived from another one, for instance with a description, has its hint. */
export const hints = z.registry<Hint>();

/** Returns the hint of a schema, empty if it has none. */
export const hintOf = (schema: unknown): Hint => (schema instanceof z.ZodType ? hints.get(schema) : undefined) ?? {};

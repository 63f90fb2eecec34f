import * as z from 'zod';
import type { CollectionAccess, MemberStatus, MemberType } from '#shared/connections/directory.ts';

/**
 * Rows of the organization API, of both eras. Reads keep the fields that the relay does not know, because a write
 * replaces the whole object. Facts: reference sra-and-secretsafe-api.md, B2.
 */

const guid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
  .transform((text) => text.toLowerCase());

/** Longer than any address or name. An endless one would not fit into the state of a run. */
const MAX_TEXT_LENGTH = 1000;

const flag = z.boolean().nullish();

/** Older servers know only `readOnly`. */
const associationRow = z.looseObject({ id: guid, readOnly: flag, hidePasswords: flag, manage: flag });
const associationRows = z.array(associationRow).nullish();
type AssociationRow = z.output<typeof associationRow>;

const externalId = z.string().nullish();

/** Types of a member by their numbers. */
const TYPES = ['owner', 'admin', 'user', 'manager', 'custom'] as const satisfies readonly MemberType[];

export const CUSTOM = TYPES.indexOf('custom');

export const numberOf = (type: MemberType): number => TYPES.indexOf(type);

/** Statuses of a member by their numbers, from {@link FIRST_STATUS}. */
const STATUSES = ['revoked', 'invited', 'accepted', 'confirmed', 'staged'] as const satisfies readonly MemberStatus[];
const FIRST_STATUS = -1;

/** A number that stands for a word. An unknown one makes the row unreadable. */
const wordOf = <Word extends string>(words: readonly Word[], first: number) =>
  z.int().transform((number, context): Word => {
    const word = words[number - first];
    if (word !== undefined) return word;
    context.addIssue({ code: 'custom', message: 'found an unknown number' });
    return z.NEVER;
  });

export const memberRow = z.looseObject({
  id: guid,
  email: z.string().min(1).max(MAX_TEXT_LENGTH),
  type: wordOf(TYPES, 0),
  status: wordOf(STATUSES, FIRST_STATUS),
  externalId,
  collections: associationRows,
  /** Older servers. */
  accessAll: flag,
  permissions: z.record(z.string(), z.unknown()).nullish(),
});
export type MemberRow = z.output<typeof memberRow>;

export const groupRow = z.looseObject({
  id: guid,
  name: z.string().max(MAX_TEXT_LENGTH),
  externalId,
  collections: associationRows,
  accessAll: flag,
});
export type GroupRow = z.output<typeof groupRow>;

/**
 * Row of the object that was asked for. A cache in between can return another one, whose rights a write would copy,
 * because it replaces the whole object.
 */
export const rowWithId = <Row extends { readonly id: string }>(row: z.ZodType<Row>, id: string): z.ZodType<Row> =>
  row.refine((read) => read.id === id.toLowerCase(), { path: ['id'] });

export const collectionRow = z.looseObject({ id: guid, externalId });

export const policyRow = z.looseObject({
  type: z.int(),
  enabled: z.boolean(),
  data: z.record(z.string(), z.unknown()).nullish(),
});
export type PolicyRow = z.output<typeof policyRow>;

export const ids = z.array(guid);

export const created = z.looseObject({ id: guid });

/** An empty text means none. */
export const textOr = (text: string | null | undefined): string | undefined => text || undefined;

export const accessOf = ({ id, readOnly, hidePasswords, manage }: AssociationRow): CollectionAccess => ({
  collection: id,
  readOnly: readOnly === true,
  hidePasswords: hidePasswords === true,
  manage: manage === true,
});

/** A comparable text of one access. */
export const accessKey = ({ collection, readOnly, hidePasswords, manage }: CollectionAccess): string =>
  JSON.stringify([collection, readOnly, hidePasswords, manage]);

/**
 * Access as it is written. An access that is already there is sent as it was read, with whatever the relay does not
 * know of it.
 */
export const associationsFor = (
  access: readonly CollectionAccess[],
  existing: readonly AssociationRow[],
): readonly Record<string, unknown>[] => {
  const known = new Map(existing.map((row) => [accessKey(accessOf(row)), row]));
  return access.map(
    (one) =>
      known.get(accessKey(one)) ?? {
        id: one.collection,
        readOnly: one.readOnly,
        hidePasswords: one.hidePasswords,
        manage: one.manage,
      },
  );
};

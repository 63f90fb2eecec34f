import * as z from 'zod';
import { textOf } from '../fields.ts';
import { guid } from '../ids.ts';
import type { Access, Organization } from '../organization.ts';
import { PERMISSIONS } from '../permissions.ts';
import { referenceNotFound } from '../replies.ts';
import type { Switches } from '../switches.ts';

export const externalId = textOf(300).optional();

const association = z
  .object({
    id: guid,
    readOnly: z.boolean(),
    hidePasswords: z.boolean().default(false),
    manage: z.boolean().default(false),
  })
  .refine(
    ({ readOnly, hidePasswords, manage }) => !manage || !(readOnly || hidePasswords),
    'The Manage property is mutually exclusive and cannot be true while the ReadOnly or HidePasswords properties are true.',
  );

export const associationList = z.array(association).optional();

type AssociationList = z.infer<typeof associationList>;

export const permissionFields = PERMISSIONS.optional();

/** The rights that a body names; undefined if it names none. @throws Refusal for an object that is unknown. */
export const accessIn = (
  listed: AssociationList,
  known: ReadonlyMap<string, unknown>,
  { unknownReferences }: Switches,
): ReadonlyMap<string, Access> | undefined => {
  if (listed === undefined) return undefined;
  const found = listed.filter(({ id }) => known.has(id));
  if (found.length < listed.length && unknownReferences === 404) throw referenceNotFound();
  return new Map(found.map(({ id, readOnly, hidePasswords, manage }) => [id, { readOnly, hidePasswords, manage }]));
};

/** Collections that a call may name: not the personal ones. */
export const sharedCollections = ({ collections }: Organization): ReadonlyMap<string, unknown> =>
  new Map([...collections].filter(([, { isDefault }]) => !isDefault));

import * as z from 'zod';
import { emailAddress } from '#shared/domain/directory/email.ts';

/** Declared state of a directory: in relay.yaml, or in an object in S3. Its schema is published. */

/** Longest text of its kind that a directory accepts. */
const MAX_NAME_LENGTH = 100;
const MAX_ID_LENGTH = 300;

const groupName = z.string().trim().min(1).max(MAX_NAME_LENGTH);

const declaredAccessSchema = z
  .strictObject({
    collection: z
      .string()
      .trim()
      .min(1)
      .max(MAX_ID_LENGTH)
      .meta({ examples: ['6f2f31aa-4c5b-4b0e-8f6a-3f1b4d0a7c11'] })
      .describe('Id of a collection, or its externalId.'),
    readOnly: z.boolean().default(false).describe('True if items cannot be changed.'),
    hidePasswords: z.boolean().default(false).describe('True if passwords are not shown.'),
    manage: z.boolean().default(false).describe('True if the collection and its access can be changed.'),
  })
  .refine(({ readOnly, hidePasswords, manage }) => !manage || !(readOnly || hidePasswords), {
    path: ['manage'],
    message: 'does not go with readOnly or hidePasswords; remove one of them',
  });

const collections = z
  .array(declaredAccessSchema)
  .refine((list) => new Set(list.map(({ collection }) => collection.toLowerCase())).size === list.length, {
    error: 'names a collection twice; keep the one with the right access',
  })
  .optional()
  .describe('Access to collections. Without it, the access stays as it is; an empty list removes all.');

export const declaredMemberSchema = z.strictObject({
  email: emailAddress.meta({ examples: ['ann@example.com'] }).describe('E-mail address, which identifies the person.'),
  type: z
    .enum(['owner', 'admin', 'user'])
    .optional()
    .describe('Type of the member. Without it, an invited member becomes a user, and an existing one stays.'),
  groups: z
    .array(groupName)
    .default([])
    .describe('Names of groups under groups. The member leaves the others under groups, and no further ones.'),
  collections,
});
export type DeclaredMember = z.infer<typeof declaredMemberSchema>;

export const declaredGroupSchema = z.strictObject({
  name: groupName.meta({ examples: ['Engineers'] }).describe('Name of the group.'),
  collections,
});
export type DeclaredGroup = z.infer<typeof declaredGroupSchema>;

/** Shape of an object in S3. */
export const declaredSchema = z.strictObject({
  members: z.array(declaredMemberSchema).describe('All people who belong to the directory.'),
  groups: z.array(declaredGroupSchema).default([]).describe('All groups that the relay manages.'),
});

/** Declared state whose rows have all been read. */
export interface Declared {
  readonly members: readonly DeclaredMember[];
  readonly groups: readonly DeclaredGroup[];
  /** Rows that cannot be used, and why. What they declare is unknown, so nothing is removed. */
  readonly rejected: readonly string[];
}

/** A row that contradicts another. Its text is never a part of the message. */
export interface DeclaredProblem {
  readonly list: 'members' | 'groups';
  readonly index: number;
  /** Field in the row, such as the first of its groups. */
  readonly field: readonly (string | number)[];
  readonly message: string;
}

/** Returns the rows that name an address or a group twice, or a group that is not declared. Pure. */
export const contradictionsIn = ({ members, groups }: Pick<Declared, 'members' | 'groups'>): DeclaredProblem[] => {
  const names = new Set(groups.map(({ name }) => name));
  return [
    ...repeated(groups.map(({ name }) => name)).map(
      (index): DeclaredProblem => ({
        list: 'groups',
        index,
        field: ['name'],
        message: 'is declared twice; remove one',
      }),
    ),
    ...repeated(members.map(({ email }) => email)).map(
      (index): DeclaredProblem => ({
        list: 'members',
        index,
        field: ['email'],
        message: 'is declared twice; remove one',
      }),
    ),
    ...members.flatMap((member, index) =>
      member.groups.flatMap((name, at): DeclaredProblem[] => {
        if (names.has(name)) return [];
        const message = 'is not a group under groups; add it there, or correct the name';
        return [{ list: 'members', index, field: ['groups', at], message }];
      }),
    ),
  ];
};

/** Positions of values that occurred before. */
const repeated = (values: readonly string[]): number[] => {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (seen.has(value)) return [index];
    seen.add(value);
    return [];
  });
};

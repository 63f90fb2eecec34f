import * as z from 'zod';
import { emailAddress } from '#shared/domain/directory/email.ts';
import { plainText } from '#shared/messages/fields.ts';

/** Messages about people of a directory. They choose no type and no access but that of groups. */

const MAX_GROUPS = 50;

const directory = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under directories in relay.yaml')
  .describe('The directory: a name under directories in relay.yaml, with messages.');

/** The same as in declared state: who can be declared has to be able to leave. */
const email = emailAddress.describe('E-mail address of the person.');

const position = z
  .int()
  .min(0)
  .describe(
    'Order among the messages of the sender about the person: a counter, or the time of the event in epoch milliseconds. A message with a lower position than a known one is ignored.',
  );

const groups = z
  .array(plainText.trim().min(1).max(100))
  .max(MAX_GROUPS)
  .refine((names) => new Set(names).size === names.length, 'name each group once');

export const memberJoined = z.strictObject({
  type: z.literal('member.joined').describe('Invites a person, or takes back that it left.'),
  directory,
  email,
  position,
  groups: groups.default([]).describe('Names of groups of the rule. The person is added to them.'),
});

export const memberLeft = z.strictObject({
  type: z.literal('member.left').describe('Ends all use of a person at once, and removes it after the time of grace.'),
  directory,
  email,
  position,
});

export const memberMoved = z.strictObject({
  type: z.literal('member.moved').describe('Moves a person to other groups.'),
  directory,
  email,
  position,
  groups: groups.describe('Names of all groups of the rule that the person is in from now on.'),
});

export type MemberMessage = z.infer<typeof memberJoined> | z.infer<typeof memberLeft> | z.infer<typeof memberMoved>;

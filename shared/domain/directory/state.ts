import * as z from 'zod';
import type { MemberType } from '#shared/connections/directory.ts';

/** Records about a directory. Of a person: id, e-mail address, status, type, group and collection ids. */

export const collectionAccessSchema = z.object({
  collection: z.string(),
  readOnly: z.boolean(),
  hidePasswords: z.boolean(),
  manage: z.boolean(),
});

const memberTypeSchema = z.enum(['owner', 'admin', 'user', 'manager', 'custom']) satisfies z.ZodType<MemberType>;

/** Removal that has begun. */
const leavingSchema = z.object({
  id: z.string(),
  /** `source`: no longer declared. `message`: a message said so. */
  by: z.enum(['source', 'message']),
  since: z.iso.datetime(),
  /** Ids of the groups, and access to collections, at the beginning. */
  groups: z.array(z.string()),
  access: z.array(collectionAccessSchema),
  /**
   * The directory could not revoke the member, so that its groups, its access and this type were taken away. Absent if
   * it was revoked.
   */
  taken: memberTypeSchema.optional(),
  /** A person or another program had revoked the member before. The relay does not restore it. */
  wasRevoked: z.literal(true).optional(),
  /** End of all use. The time of grace begins. Absent while it is owed. */
  outAt: z.iso.datetime().optional(),
});
export type Leaving = z.infer<typeof leavingSchema>;

/** Latest message about a person. It counts more than the source until the source agrees; see `words.ts`. */
export const wordSchema = z.object({
  said: z.enum(['joined', 'left', 'moved']),
  /** When it was carried out. */
  at: z.iso.datetime(),
  /** Of a move, also of one who joined: id of the member, names of its groups of the rule since then, and before. */
  moved: z.object({ id: z.string(), to: z.array(z.string()), from: z.array(z.string()) }).optional(),
});
export type Word = z.infer<typeof wordSchema>;

/** A person about whom something is going on. There is no record of the others. */
export const personSchema = z.object({
  /** Number of writes. It distinguishes any two versions. */
  writes: z.int().min(0),
  email: z.string(),
  /** Process that works on the person, until a time in epoch milliseconds. */
  working: z.object({ by: z.string(), until: z.int() }).optional(),
  /** An invitation is being sent, and can take effect until this time, epoch milliseconds. Ends with `made`. */
  inviting: z.int().optional(),
  /** Id of the member that the relay has invited since the last plan. */
  made: z.string().optional(),
  leaving: leavingSchema.optional(),
  /** A removal was taken back. Until then, the person stays although it is not declared. */
  keptUntil: z.iso.datetime().optional(),
  word: wordSchema.optional(),
  /** Latest invitation, and their number. */
  invited: z.object({ at: z.iso.datetime(), times: z.int().min(1) }).optional(),
});
export type Person = z.infer<typeof personSchema>;

/** A group that is being removed. */
const leavingGroupSchema = z.object({
  id: z.string(),
  name: z.string(),
  since: z.iso.datetime(),
  access: z.array(collectionAccessSchema),
  outAt: z.iso.datetime().optional(),
});
export type LeavingGroup = z.infer<typeof leavingGroupSchema>;

/** Members and groups that the relay has made or adopted. Only these are ever removed. */
export const ownershipSchema = z.object({
  writes: z.int().min(0),
  members: z.array(z.string()),
  /** By id: the name under which the group was declared. */
  groups: z.record(z.string(), z.string()),
  leavingGroups: z.array(leavingGroupSchema),
});
export type Ownership = z.infer<typeof ownershipSchema>;

export const NO_OWNERSHIP: Ownership = { writes: 0, members: [], groups: {}, leavingGroups: [] };

/** Removals that were begun on one day (UTC): ids of members and groups, and who began them. */
export const budgetSchema = z.object({ day: z.iso.date(), begun: z.record(z.string(), z.string()) });
export type Budget = z.infer<typeof budgetSchema>;

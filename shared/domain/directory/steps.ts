import * as z from 'zod';
import { collectionAccessSchema, wordSchema } from '#shared/domain/directory/state.ts';

/** Changes of a directory, in the order in which they are carried out. Each is repeatable: it looks before it acts. */

const about = { id: z.string(), email: z.string() };
const type = z.enum(['owner', 'admin', 'user']);
const access = z.array(collectionAccessSchema);

export const stepSchema = z.discriminatedUnion('kind', [
  /** Lets a member become an owner before another one leaves. Also any other change of a member. */
  z.object({
    kind: z.literal('change-member'),
    ...about,
    type: type.optional(),
    access: access.optional(),
    mark: z.string().optional(),
  }),
  /** Ends all use, reversibly. */
  z.object({ kind: z.literal('revoke'), ...about, by: z.enum(['source', 'message']) }),
  /** Takes a removal back. `keep`: the member then stays for a while, even if it is not declared. */
  z.object({ kind: z.literal('restore'), ...about, keep: z.boolean() }),
  z.object({ kind: z.literal('create-group'), name: z.string(), access, mark: z.string().optional() }),
  z.object({
    kind: z.literal('change-group'),
    id: z.string(),
    name: z.string(),
    rename: z.boolean(),
    access: access.optional(),
    mark: z.string().optional(),
  }),
  z.object({
    kind: z.literal('invite'),
    email: z.string(),
    type,
    /** Names of groups. */
    groups: z.array(z.string()),
    access,
    mark: z.string().optional(),
  }),
  /** `add`, `remove`: names of groups. */
  z.object({ kind: z.literal('change-groups'), ...about, add: z.array(z.string()), remove: z.array(z.string()) }),
  z.object({
    kind: z.literal('save-policy'),
    type: z.int(),
    enabled: z.boolean(),
    data: z.record(z.string(), z.unknown()),
  }),
  /** Takes the access of a group away, reversibly. */
  z.object({ kind: z.literal('empty-group'), id: z.string(), name: z.string() }),
  z.object({ kind: z.literal('remove-group'), id: z.string(), name: z.string() }),
  /** After the time of grace. */
  z.object({ kind: z.literal('remove'), ...about }),
  z.object({ kind: z.literal('reinvite'), ...about }),
  /** Only a record: the removal is over, or the member is back. */
  z.object({ kind: z.literal('settle'), email: z.string() }),
  /** Only a record: from now on, a message counts more than the source. Without a word, it no longer does. */
  z.object({ kind: z.literal('heed'), email: z.string(), word: wordSchema.optional() }),
  /** Only a record: the invitation of someone else is followed from now on. */
  z.object({ kind: z.literal('follow-invitation'), email: z.string() }),
]);
export type Step = z.infer<typeof stepSchema>;

/** Steps that change the directory. */
export const isChange = ({ kind }: Step): boolean => !['settle', 'heed', 'follow-invitation'].includes(kind);

/** Subject of a step, whose steps are carried out one at a time. Pure. */
export const subjectOf = (step: Step): string => {
  if ('email' in step) return step.email;
  return step.kind === 'save-policy' ? `policy ${step.type}` : step.name;
};

const ORDER: Readonly<Record<Step['kind'], number>> = {
  heed: 0,
  'change-member': 3,
  revoke: 1,
  restore: 2,
  'create-group': 2,
  'change-group': 2,
  invite: 4,
  'change-groups': 5,
  'save-policy': 6,
  'empty-group': 1,
  'remove-group': 7,
  remove: 7,
  reinvite: 8,
  settle: 9,
  'follow-invitation': 9,
};

/** True for a change that only marks what was adopted. Pure. */
export const isMarking = (step: Step): boolean => {
  if (step.kind !== 'change-member' && step.kind !== 'change-group') return false;
  const isChange = step.access !== undefined || (step.kind === 'change-member' ? step.type !== undefined : step.rename);
  return step.mark !== undefined && !isChange;
};

/** An owner is made before another one leaves, and a mark is worth less than any change. */
const rank = (step: Step): number => {
  if (isMarking(step)) return 10;
  return step.kind === 'change-member' && step.type === 'owner' ? 0 : ORDER[step.kind];
};

/** Sorts: what ends access comes first, and each reference after what it names. Stable. Pure. */
export const inOrder = (steps: readonly Step[]): Step[] => steps.toSorted((one, other) => rank(one) - rank(other));

/** Fields by which a directory can differ from its declared state. */
const DRIFT_FIELDS = ['missing', 'extra', 'type', 'status', 'groups', 'access', 'name', 'policy'] as const;
export const driftSchema = z.object({
  field: z.enum(DRIFT_FIELDS),
  /** E-mail address, name of a group, or number of a policy. */
  about: z.string(),
});
export type Drift = z.infer<typeof driftSchema>;

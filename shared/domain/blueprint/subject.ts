import * as z from 'zod';
import { fieldsSchema } from '#shared/domain/blueprint/fields.ts';
import { principalSchema } from '#shared/domain/checkout/principal.ts';

/**
 * State of one subject of a blueprint: a machine, or anything else that a message names. All decisions about it are
 * pure functions of this state, and are written by compare-and-swap.
 */

/** Sender of the messages about a subject: an AWS principal, or the events of EC2. */
const subjectOwnerSchema = z.discriminatedUnion('kind', [principalSchema, z.object({ kind: z.literal('ec2') })]);
type SubjectOwner = z.infer<typeof subjectOwnerSchema>;

const instant = z.iso.datetime();

const inputsSchema = z.record(z.string(), z.string());
export type Inputs = z.infer<typeof inputsSchema>;

/** Order of a sender. A later position replaces an earlier one. */
const orderSchema = z.object({
  position: z.int().min(0),
  action: z.enum(['provision', 'deprovision']),
  /** Empty for `deprovision`. */
  inputs: inputsSchema,
  /** Time at which the message was handled. */
  at: instant,
});
export type SubjectOrder = z.infer<typeof orderSchema>;

/**
 * A resource of the subject. `made`: by the relay; `adopted`: it existed before.
 */
const holdingSchema = z.object({
  type: z.string(),
  how: z.enum(['made', 'adopted']),
  /** Id in the remote system; absent while the call that makes or changes an object without a mark is not confirmed. */
  id: z.string().optional(),
  title: z.string(),
  /** Settings with which it was made, texts filled in. A deletion uses them, whatever the blueprint says by then. */
  settings: z.record(z.string(), z.json()),
  /** The execution that made or adopted it, and the position of its order. Only this one undoes it. */
  attempt: z.string(),
  /** State before the change of an object without a mark; absent if there was none. */
  earlier: fieldsSchema.optional(),
});
export type Holding = z.infer<typeof holdingSchema>;

/**
 * `absent`: nothing of it exists. `provisioned`: the last provisioning succeeded. `withdrawn`: access is withdrawn, and
 * the objects are deleted at `removeAt`. `remaining`: an undo or a deletion did not finish; the rest is deleted later.
 */
const SUBJECT_STATES = ['absent', 'provisioned', 'withdrawn', 'remaining'] as const;

export const subjectSchema = z.object({
  rule: z.string(),
  subject: z.string(),
  owner: subjectOwnerSchema,
  wanted: orderSchema,
  /** Position and result of the last order that ended. */
  done: z.object({ position: z.int().min(-1), status: z.enum(['succeeded', 'failed']), at: instant }).optional(),
  /** The execution that works on the subject, and its order: a later one can have replaced `wanted` since. */
  running: z.object({ run: z.string(), order: orderSchema }).optional(),
  state: z.enum(SUBJECT_STATES),
  /** Present from the first change of a provisioned subject until a provisioning has succeeded. */
  unproven: z.literal(true).optional(),
  removeAt: instant.optional(),
  /** Failed attempts since the last success, and the earliest time of the next one. */
  failures: z.object({ count: z.int().min(1), retryAt: instant }).optional(),
  /** Inputs of the last provisioning, which a deletion uses. */
  inputs: inputsSchema.optional(),
  /** By the name of the resource in the blueprint, in the order in which they were made. */
  holdings: z.record(z.string(), holdingSchema),
});
export type Subject = z.infer<typeof subjectSchema>;

/** Subject of a message, and its sender. */
export interface SubjectSender extends Pick<Subject, 'rule' | 'subject' | 'owner'> {
  /** True if no event of EC2 can reach the subject any more, so that a message may take it over. */
  readonly takesMachines?: boolean | undefined;
}

/** Result of a message about a subject. `older`: a later position is known, so there is nothing to do. */
export type Acceptance = 'accepted' | 'older' | 'foreign' | 'conflicting';

const sameOwner = (one: SubjectOwner, other: SubjectOwner): boolean =>
  one.kind === 'aws' && other.kind === 'aws' ? one.id === other.id : one.kind === other.kind;

const sameOrder = (one: SubjectOrder, other: SubjectOrder): boolean =>
  one.action === other.action && JSON.stringify(sorted(one.inputs)) === JSON.stringify(sorted(other.inputs));

const sorted = (inputs: Inputs): [string, string][] =>
  Object.entries(inputs).toSorted(([one], [other]) => (one < other ? -1 : 1));

/**
 * Applies a message to the state of its subject. A subject belongs to the first sender that names it. Repeatable: the
 * same message is accepted again and changes nothing. Pure.
 */
export const acceptOrder = (
  known: Subject | undefined,
  { rule, subject, owner, takesMachines = false }: SubjectSender,
  order: SubjectOrder,
): { readonly acceptance: Acceptance; readonly next?: Subject } => {
  if (known === undefined) {
    return { acceptance: 'accepted', next: { rule, subject, owner, wanted: order, state: 'absent', holdings: {} } };
  }
  const isTakenOver = takesMachines && known.owner.kind === 'ec2';
  if (!sameOwner(known.owner, owner) && !isTakenOver) return { acceptance: 'foreign' };
  if (order.position < known.wanted.position) return { acceptance: 'older' };
  if (order.position > known.wanted.position)
    return { acceptance: 'accepted', next: { ...known, owner, wanted: order } };
  return { acceptance: sameOrder(order, known.wanted) ? 'accepted' : 'conflicting' };
};

/** Work of one execution. `withdraw`: end access now, delete later. `remove`: delete. */
export type Task = 'provision' | 'withdraw' | 'remove' | 'nothing';

/** True if an order is not carried out yet. Pure. */
const isUndone = ({ wanted, done }: Pick<Subject, 'wanted' | 'done'>): boolean =>
  done === undefined || wanted.position > done.position;

/**
 * Next task of a subject. A new order comes first; then the deletion whose time has come; then a repair, if the
 * execution was started for one. Pure.
 */
export const nextTask = (subject: Subject, now: number, isRepair: boolean): Task => {
  if (isUndone(subject)) return subject.wanted.action === 'provision' ? 'provision' : 'withdraw';
  const { state, removeAt } = subject;
  if (state === 'remaining') return 'remove';
  if (state === 'withdrawn') {
    // A return that failed is repeated by its next message. What is wanted is not deleted.
    const isDue = removeAt !== undefined && Date.parse(removeAt) <= now;
    return isDue && subject.wanted.action === 'deprovision' ? 'remove' : 'nothing';
  }
  return state === 'provisioned' && isRepair ? 'provision' : 'nothing';
};

/**
 * True if a provisioning must test that the objects work: it made or changed some, or an earlier one did and failed.
 * Pure.
 */
export const needsProof = ({ state, unproven }: Pick<Subject, 'state' | 'unproven'>): boolean =>
  state !== 'provisioned' || unproven === true;

/** True if a later order than the one that is carried out is known. Pure. */
export const isSuperseded = ({ wanted, running }: Pick<Subject, 'wanted' | 'running'>): boolean =>
  running !== undefined && wanted.position > running.order.position;

/** Order that an execution carries out: the wanted one, or the last one again. Pure. */
export const orderFor = (subject: Subject): SubjectOrder =>
  isUndone(subject) || subject.inputs === undefined
    ? subject.wanted
    : { ...subject.wanted, action: 'provision', inputs: subject.inputs };

/** True while a subject needs an execution without any further message. Pure. */
export const isPending = (subject: Subject): boolean =>
  isUndone(subject) || subject.running !== undefined || ['withdrawn', 'remaining'].includes(subject.state);

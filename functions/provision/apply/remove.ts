import type { Found } from '#shared/connections/resource.ts';
import { isSuperseded } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { findOwn, isOwn } from '#shared/provisioning/find-own.ts';
import { type PreparedResource, prepareHoldings, prepareResources, wantedOf } from '#shared/provisioning/prepared.ts';
import { type TakenBack, takeBack } from '#shared/provisioning/take-back.ts';
import type { Applied } from '#shared/workflows/provision.ts';
import { finish, hasTime, markIn, type TaskContext, waitFor, withNotes } from './task.ts';

const MINUTE_SECONDS = 60;
/** Below the year that an execution can last. */
const MAX_WAIT_MINUTES = 300 * 1440;

const take = (context: TaskContext, resource: PreparedResource): Promise<TakenBack> =>
  takeBack(resource, {
    subject: context.subject,
    work: context.workOn(resource.typeName),
    mark: markIn(context, resource),
  });

/**
 * Resources of the subject in the order of their creation, including those whose record can have been lost: under the
 * inputs of the current order, and under those of the last one that succeeded.
 */
const everything = (context: TaskContext): PreparedResource[] => {
  const subject = context.subject.current();
  const held = prepareHoldings(context.types, subject);
  const inputs = subject.inputs === undefined ? [context.inputs] : [subject.inputs, context.inputs];
  const others = inputs.flatMap((one) => prepareIfPossible(context, one));
  const distinct = new Map(others.map((resource) => [JSON.stringify([resource.name, resource.settings]), resource]));
  return [...held, ...[...distinct.values()].filter(({ name }) => subject.holdings[name] === undefined)];
};

/** The blueprint can have got other inputs since. Then only the record shows what exists. */
const prepareIfPossible = (
  context: TaskContext,
  inputs: Readonly<Record<string, string>>,
): readonly PreparedResource[] => {
  try {
    return prepareResources(context.types, context.blueprint, inputs);
  } catch (error) {
    if (error instanceof RelayError && error.name === 'MessageInvalid') return [];
    throw error;
  }
};

/** Undoes what this execution made for its order, in reverse, and nothing else. Repeatable. */
export const undoRun = async (context: TaskContext, progress: Applied): Promise<Applied> => {
  let current = progress;
  for (const resource of everything(context).toReversed()) {
    const held = context.subject.current().holdings[resource.name];
    if (held !== undefined && held.attempt !== context.attempt) continue;
    if (!hasTime(context)) return current;
    const taken = await take(context, resource);
    if (taken !== 'gone') current = { ...current, undone: current.undone + 1 };
  }
  if (context.subject.current().state !== 'withdrawn') return finish(current);
  // The attempt can have enabled what was withdrawn.
  await withdrawAccess(context);
  return finish(withNotes(current, ['Its access stays withdrawn. Send the message again with a later position.']));
};

/** Deletes everything of a subject that is ours, in reverse. Ends its uses first. Repeatable. */
export const removeSubject = async (context: TaskContext, progress: Applied): Promise<Applied> => {
  // A subject that returns is not deleted.
  if (isSuperseded(context.subject.current())) return finish(progress);
  const resources = everything(context);
  const left = await usesLeft(context, resources, progress);
  if (left !== undefined) return left;
  let current = progress;
  for (const resource of resources.toReversed()) {
    if (!hasTime(context)) return current;
    const taken = await take(context, resource);
    if (taken === 'kept') current = withNotes(current, [keptNote(resource)]);
    else if (taken === 'occupied') current = withNotes(current, [occupiedNote(resource)]);
    else if (taken !== 'gone') current = { ...current, undone: current.undone + 1 };
  }
  await context.subject.change(({ removeAt: _, inputs: __, ...subject }) => ({ ...subject, state: 'absent' }));
  return finish(current);
};

const keptNote = ({ name, typeName }: PreparedResource): string =>
  `The ${typeName} resources.${name} no longer has the mark of the relay, so it was kept.`;

const occupiedNote = ({ name, typeName }: PreparedResource): string =>
  `The ${typeName} resources.${name} contains objects that the relay did not make, so it was released, not deleted.`;

/** Finds an object of the subject that still has the mark of the relay, and that the relay made. */
const findOurs = async (context: TaskContext, resource: PreparedResource): Promise<Found | undefined> => {
  const { holdings } = context.subject.current();
  const held = holdings[resource.name];
  if (held?.id === undefined || held.how !== 'made') return undefined;
  const mark = markIn(context, resource);
  const found = await findOwn(context.workOn(resource.typeName), wantedOf(resource, holdings), { held, mark });
  return found !== undefined && isOwn(found, { held, mark }) ? found : undefined;
};

/** Returns the minutes after which all uses have ended. */
const endUses = async (context: TaskContext, resources: readonly PreparedResource[]): Promise<number> => {
  let minutes = 0;
  for (const resource of resources) {
    const work = context.workOn(resource.typeName);
    if (work.endUse === undefined) continue;
    const found = await findOurs(context, resource);
    if (found !== undefined) minutes = Math.max(minutes, (await work.endUse(found.id)).waitMinutes);
  }
  return Math.min(minutes, MAX_WAIT_MINUTES);
};

/** Shortest wait before a look for a later order. A long one is a hundredth of the rest, to keep the history short. */
const MIN_LOOK_SECONDS = 15 * MINUTE_SECONDS;

/** Ends all uses, and waits for those that it cannot end. Undefined once they have ended. */
const usesLeft = async (
  context: TaskContext,
  resources: readonly PreparedResource[],
  progress: Applied,
): Promise<Applied | undefined> => {
  const now = context.now();
  const until =
    progress.until ?? new Date(now + (await endUses(context, resources)) * MINUTE_SECONDS * 1000).toISOString();
  const seconds = Math.ceil((Date.parse(until) - now) / 1000);
  if (seconds <= 0) return undefined;
  return waitFor({ ...progress, until }, Math.min(seconds, Math.max(MIN_LOOK_SECONDS, Math.ceil(seconds / 100))), now);
};

const DAY_MS = 86_400_000;

/** Result of a withdrawal: the objects that it disabled, and the changes that it undid. */
interface Withdrawn {
  readonly names: string[];
  readonly losses: Set<string>;
  readonly undone: number;
}

/**
 * Ends the access to a subject: takes back its rights, and disables what the relay made and can disable, such as an
 * account or a member. Repeatable.
 */
const withdrawAccess = async (context: TaskContext): Promise<Withdrawn> => {
  const names: string[] = [];
  const losses = new Set<string>();
  let undone = 0;
  for (const resource of prepareHoldings(context.types, context.subject.current()).toReversed()) {
    if (!resource.type.keepsMark) {
      if ((await take(context, resource)) === 'restored') undone += 1;
      continue;
    }
    const work = context.workOn(resource.typeName);
    if (work.setEnabled === undefined) continue;
    const found = await findOurs(context, resource);
    if (found === undefined) continue;
    await work.setEnabled(found.id, false);
    names.push(found.title);
    if (resource.type.loss !== undefined) losses.add(resource.type.loss);
  }
  return { names, losses, undone };
};

/**
 * Withdraws access to a subject, reversibly, and schedules its deletion. Names what the deletion will destroy.
 * Repeatable.
 */
export const withdrawSubject = async (context: TaskContext, progress: Applied): Promise<Applied> => {
  const { subject, blueprint } = context;
  const { names, losses, undone } = await withdrawAccess(context);
  const removeAt = new Date(context.now() + blueprint.removal.graceDays * DAY_MS).toISOString();
  const hasAny = Object.keys(subject.current().holdings).length > 0;
  await subject.change((known) => ({ ...known, state: hasAny ? 'withdrawn' : 'absent', ...(hasAny && { removeAt }) }));
  const warning = [`Access is withdrawn. After ${removeAt}, these are deleted: ${names.join(', ')}.`, ...losses].join(
    ' ',
  );
  return finish(withNotes({ ...progress, undone: progress.undone + undone }, names.length === 0 ? [] : [warning]));
};

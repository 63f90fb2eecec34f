import type { Found } from '#shared/connections/resource.ts';
import { RelayError } from '#shared/errors.ts';
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

/** Resources of the subject in the order of their creation, including those whose record can have been lost. */
const everything = (context: TaskContext): PreparedResource[] => {
  const subject = context.subject.current();
  const held = prepareHoldings(context.types, subject);
  const others = prepareIfPossible(context, subject.inputs ?? context.inputs).filter(
    ({ name }) => subject.holdings[name] === undefined,
  );
  return [...held, ...others];
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

/** Undoes what this execution made, in reverse, and nothing else. Repeatable. */
export const undoRun = async (context: TaskContext, progress: Applied): Promise<Applied> => {
  let current = progress;
  for (const resource of everything(context).toReversed()) {
    const held = context.subject.current().holdings[resource.name];
    if (held !== undefined && held.run !== context.run) continue;
    if (!hasTime(context)) return current;
    const taken = await take(context, resource);
    if (taken !== 'gone') current = { ...current, undone: current.undone + 1 };
  }
  return finish(current);
};

/** Deletes everything of a subject that is ours, in reverse. Ends its uses first. Repeatable. */
export const removeSubject = async (context: TaskContext, progress: Applied): Promise<Applied> => {
  const resources = everything(context);
  if (progress.waitingSince === undefined) {
    const minutes = await endUses(context, resources);
    if (minutes > 0) return waitFor(progress, minutes * MINUTE_SECONDS, context.now());
  }
  let current = progress;
  for (const resource of resources.toReversed()) {
    if (!hasTime(context)) return current;
    const taken = await take(context, resource);
    if (taken === 'kept') current = withNotes(current, [keptNote(resource)]);
    else if (taken !== 'gone') current = { ...current, undone: current.undone + 1 };
  }
  await context.subject.change(({ removeAt: _, inputs: __, ...subject }) => ({ ...subject, state: 'absent' }));
  return finish(current);
};

const keptNote = ({ name, typeName }: PreparedResource): string =>
  `The ${typeName} resources.${name} no longer has the mark of the relay, so it was kept.`;

/** Finds an object of the subject that still has the mark of the relay, and that the relay made. */
const findOurs = async (context: TaskContext, resource: PreparedResource): Promise<Found | undefined> => {
  const { holdings } = context.subject.current();
  const held = holdings[resource.name];
  if (held?.id === undefined || held.how !== 'made') return undefined;
  const found = await context.workOn(resource.typeName).find(wantedOf(resource, holdings));
  return found?.mark === markIn(context, resource) ? found : undefined;
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

const DAY_MS = 86_400_000;

/**
 * Withdraws access to a subject, reversibly, and schedules its deletion. Names what the deletion will destroy.
 * Repeatable.
 */
export const withdrawSubject = async (context: TaskContext, progress: Applied): Promise<Applied> => {
  const { subject, blueprint } = context;
  const notes: string[] = [];
  for (const resource of prepareHoldings(context.types, subject.current()).toReversed()) {
    const work = context.workOn(resource.typeName);
    if (work.setEnabled === undefined) continue;
    const found = await findOurs(context, resource);
    if (found === undefined) continue;
    await work.setEnabled(found.id, false);
    notes.push(found.title);
  }
  const removeAt = new Date(context.now() + blueprint.removal.graceDays * DAY_MS).toISOString();
  const hasAny = Object.keys(subject.current().holdings).length > 0;
  await subject.change((known) => ({ ...known, state: hasAny ? 'withdrawn' : 'absent', ...(hasAny && { removeAt }) }));
  const warning =
    notes.length === 0
      ? []
      : [
          `Access is withdrawn. The vault may hold the only copy of the credentials of ${notes.join(', ')}, which are deleted after ${removeAt}.`,
        ];
  return finish(withNotes(progress, warning));
};

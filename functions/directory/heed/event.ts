import type { DirectoryConfig } from '#shared/config/schema.ts';
import type { DirectorySession } from '#shared/connections/directory.ts';
import type { Actor } from '#shared/directory/actor.ts';
import { carryOut } from '#shared/directory/carry-out.ts';
import { isOfDirectory } from '#shared/directory/is-of-directory.ts';
import { PersonBusy } from '#shared/directory/people.ts';
import type { EventDecision } from '#shared/domain/directory/decide-event.ts';
import type { MemberEventRecord } from '#shared/domain/directory/member-events.ts';
import { dailyLimit, spend } from '#shared/domain/directory/removals.ts';
import type { Budget, Ownership } from '#shared/domain/directory/state.ts';
import { isChange } from '#shared/domain/directory/steps.ts';
import { asRelayError } from '#shared/errors.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import type { Records } from '#shared/records/records.ts';
import { changeRecord, type RemovableRecords } from '#shared/records/shared-record.ts';
import { type Decide, groupsIn } from './decide.ts';

export interface HandleEventOptions {
  readonly session: DirectorySession;
  readonly records: RemovableRecords;
  readonly journal: Records;
  readonly rule: string;
  readonly settings: Pick<DirectoryConfig, 'removals' | 'messages'>;
  readonly ownership: Ownership;
  readonly decide: Decide;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Result of an event. */
export interface Handled {
  readonly status: 'done' | 'refused' | 'owed' | 'nothing';
  /** Kinds of the steps that were carried out. */
  readonly steps: readonly string[];
  /** True if another process works on the person, and the event is tried again in a moment. */
  readonly isBusy: boolean;
  /** News for people. */
  readonly line?: string;
}

/** Mark of an event that is owed, as it was listed. */
interface Mark {
  readonly key: string;
  readonly version: string;
}

/** Carries out one event. Raises what concerns all events. Repeatable. */
export type HandleEvent = (mark: Mark) => Promise<Handled>;

const NOTHING: Handled = { status: 'nothing', steps: [], isBusy: false };

/** Creates the handling of an event: decide, count the removal, carry out, and record what became of it. */
export const createHandleEvent =
  (options: HandleEventOptions): HandleEvent =>
  async (mark) => {
    const { records } = options;
    const record = (await records.read(directoryAt.eventOf(mark.key)))?.record;
    const handled = record?.status === 'owed' ? await workOn(options, record) : NOTHING;
    // A message that has arrived since has written the mark again, so it stays.
    if (handled.status !== 'owed') await records.remove({ key: mark.key }, mark.version);
    return handled;
  };

const workOn = async (options: HandleEventOptions, record: MemberEventRecord): Promise<Handled> => {
  const { said } = record.event;
  try {
    const { reason, status, steps } = await carryOutEvent(options, record);
    const isNews = await settle(options, record, { status, reason });
    const line = `${record.email} (member.${said}) is ${status}: ${reason}`;
    return { status, steps, isBusy: false, ...(reason !== undefined && isNews && { line }) };
  } catch (thrown) {
    const error = asRelayError(thrown, `The message member.${said} about ${record.email}`);
    if (isOfDirectory(error)) throw error;
    // Another process is done with the person in a moment, or took it over because this one was late.
    const isBusy = error instanceof PersonBusy || error.name === 'OutOfTime';
    if (isBusy) return { status: 'owed', steps: [], isBusy };
    const isNews = await settle(options, record, { status: 'owed', reason: error.name });
    const line = `${record.email} (member.${said}) is owed, and tried again: ${error.message}`;
    return { status: 'owed', steps: [], isBusy, ...(isNews && { line }) };
  }
};

interface Result {
  readonly status: 'done' | 'refused' | 'owed';
  readonly reason?: string | undefined;
}

const carryOutEvent = async (
  options: HandleEventOptions,
  record: MemberEventRecord,
): Promise<Result & { readonly steps: readonly string[] }> => {
  // relay.yaml can have changed since the message was taken.
  if (options.settings.messages?.senders.includes(record.event.sender) !== true) {
    return { status: 'refused', reason: 'The rule no longer takes messages of its sender.', steps: [] };
  }
  const decision = await decide(options, record);
  if (decision.kind === 'owed') return { status: 'owed', reason: decision.reason, steps: [] };
  const removes = decision.kind === 'steps' ? decision.removes : undefined;
  if (removes !== undefined && !(await spendBudget(options, record, removes))) {
    return { status: 'owed', reason: 'The removals of the day are used up. It leaves on the next one.', steps: [] };
  }
  const actor = actorFor(options, record);
  const done: string[] = [];
  for (const step of decision.steps) {
    const carried = await carryOut(actor, step);
    // The next run decides again.
    if (carried.result === 'refused' && decision.kind === 'steps')
      return { status: 'owed', reason: carried.reason, steps: done };
    if (carried.result === 'done' && isChange(step)) done.push(step.kind);
  }
  if (decision.kind === 'steps') return { status: 'done', steps: done };
  // A run can have invited the person until the step before.
  const isInvited = decision.steps.length > 0 && (await decide(options, record)).kind === 'steps';
  return isInvited ? carryOutEvent(options, record) : { status: 'refused', reason: decision.reason, steps: done };
};

const decide = async (options: HandleEventOptions, record: MemberEventRecord): Promise<EventDecision> =>
  options.decide(record, (await options.records.read(directoryAt.person(options.rule, record.email)))?.record);

const actorFor = (
  { session, records, journal, rule, settings, ownership, now }: HandleEventOptions,
  record: MemberEventRecord,
): Actor => {
  const groups = groupsIn(ownership);
  return {
    ...{ session, records, journal, rule, now },
    by: directoryAt.eventName(record),
    graceDays: settings.removals.graceDays,
    groupNamed: async (name) => groups.get(name),
  };
};

/** Returns false if the removal exceeds the limits of the day, which it shares with the declared state. */
const spendBudget = (
  { records, rule, settings: { removals, messages }, ownership, now }: HandleEventOptions,
  { event }: MemberEventRecord,
  id: string,
): Promise<boolean> =>
  changeRecord<Budget, boolean>(records, directoryAt.budget(rule), (budget) => {
    const limit = dailyLimit(removals, ownership.members.length);
    const limitOfSender = messages?.maxPerDay ?? 0;
    const next = spend(budget, { ids: [id], by: event.sender, limit, limitOfSender, now: now() });
    return { next, result: next !== undefined };
  });

/** Records what became of an event, unless a later one has arrived. Returns true if that is news. */
const settle = (
  { records, rule }: HandleEventOptions,
  { email, event }: MemberEventRecord,
  { status, reason }: Result,
): Promise<boolean> =>
  changeRecord<MemberEventRecord, boolean>(records, directoryAt.event(rule, email), (current) => {
    const isSame = current?.event.sender === event.sender && current.event.position === event.position;
    if (current === undefined || !isSame || current.status === 'undone') return { result: false };
    if (current.status === status && current.reason === reason) return { result: false };
    const { reason: _, ...rest } = current;
    const next = { ...rest, status, writes: current.writes + 1, ...(reason !== undefined && { reason }) };
    return { next, result: true };
  });

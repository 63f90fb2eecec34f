import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Directory } from '#shared/connections/directory.ts';
import type { Actor, Carried } from '#shared/directory/actor.ts';
import { carryOut } from '#shared/directory/carry-out.ts';
import { isOfDirectory } from '#shared/directory/is-of-directory.ts';
import { NO_OWNERSHIP, type Ownership } from '#shared/domain/directory/state.ts';
import { type Step, subjectOf } from '#shared/domain/directory/steps.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { type DirectoryPlanRecord, directoryAt } from '#shared/records/directory-records.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { DirectoryApplied, DirectoryStepInput } from '#shared/workflows/directory.ts';

/** Minimum time left in an invocation to begin a step. */
const MIN_REMAINING_MS = 120_000;

/** Failures in a row that count as one of the directory. The step is retried, and then the run ends. */
const MAX_FAILURES_IN_A_ROW = 3;

const MAX_FAILURE_LINES = 50;

export interface ApplyDirectoryDependencies {
  readonly config: Pick<RelayConfig, 'directories'>;
  readonly directoryOf: (connection: string) => Promise<Directory>;
  readonly records: RemovableRecords;
  readonly runs: Records;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Carries out the steps of a plan, one after the other, as many as one invocation gets to. A step that fails does so
 * alone. Repeatable: the journal shows what is done.
 */
export const createApplyDirectory =
  ({ config, directoryOf, records, runs, now }: ApplyDirectoryDependencies) =>
  async ({ rule, run, applied }: DirectoryStepInput, { remainingMs }: StepContext): Promise<DirectoryApplied> => {
    const { connection, removals } = ruleOf(config, 'directory', rule);
    const plan = await readRequired(runs, directoryAt.plan({ rule, run }));
    const directory = await directoryOf(connection);
    return directory.session(async (session) => {
      const actor: Actor = {
        ...{ session, records, journal: runs, rule, by: run, graceDays: removals.graceDays, now },
        groupNamed: createGroupNamed(records, rule, plan),
      };
      return work(actor, plan.steps, applied ?? { next: 'apply', position: 0, counts: {}, failures: [] }, remainingMs);
    });
  };

/** Groups of the plan, and those that this run has created, which it does before it puts members in them. */
const createGroupNamed = (records: RemovableRecords, rule: string, plan: DirectoryPlanRecord): Actor['groupNamed'] => {
  const planned = new Map(Object.entries(plan.groups));
  let made: ReadonlyMap<string, string> | undefined;
  return async (name) => {
    if (planned.has(name)) return planned.get(name);
    made ??= groupsIn((await records.read(directoryAt.ownership(rule)))?.record ?? NO_OWNERSHIP);
    return made.get(name);
  };
};

/** Ids of the groups, by the name under which each was declared. */
const groupsIn = ({ groups }: Ownership): ReadonlyMap<string, string> =>
  new Map(Object.entries(groups).map(([id, name]) => [name, id]));

const work = async (
  actor: Actor,
  steps: readonly Step[],
  { position: start, counts: before, failures: failed }: DirectoryApplied,
  remainingMs: () => number,
): Promise<DirectoryApplied> => {
  const counts = { ...before };
  const failures = [...failed];
  let position = start;
  let inARow = 0;
  for (const step of steps.slice(start)) {
    if (position > start && remainingMs() < MIN_REMAINING_MS) return { next: 'apply', position, counts, failures };
    const tried = await attempt(actor, step);
    inARow = 'error' in tried ? inARow + 1 : 0;
    if ('error' in tried && isOfAll(tried.error, inARow)) throw tried.error;
    const name = 'error' in tried ? 'failed' : tried.result === 'done' ? step.kind : tried.result;
    counts[name] = (counts[name] ?? 0) + 1;
    const reason = 'error' in tried ? tried.error.message : tried.result === 'refused' ? tried.reason : undefined;
    if (reason !== undefined && failures.length < MAX_FAILURE_LINES) {
      failures.push(`${subjectOf(step)} (${step.kind}): ${reason}`);
    }
    position++;
  }
  return { next: 'report', position, counts, failures };
};

const attempt = async (actor: Actor, step: Step): Promise<Carried | { readonly error: RelayError }> => {
  try {
    return await carryOut(actor, step);
  } catch (thrown) {
    return { error: asRelayError(thrown, `The step ${step.kind} of ${subjectOf(step)}`) };
  }
};

/**
 * True if the step function has to be repeated, or the run ends. A limit is also reached while a message works on the
 * person, which takes seconds. Several errors in a row that pass by themselves are one of the directory.
 */
const isOfAll = (error: RelayError, inARow: number): boolean =>
  isOfDirectory(error) || error.name === 'LimitReached' || (error.retryable && inARow >= MAX_FAILURES_IN_A_ROW);

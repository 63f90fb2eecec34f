import { ruleOf } from '#shared/config/rules.ts';
import type { DirectoryConfig, RelayConfig } from '#shared/config/schema.ts';
import type { Directory } from '#shared/connections/directory.ts';
import { claimDirectory } from '#shared/directory/claim.ts';
import type { Declared } from '#shared/domain/directory/declared.ts';
import type { MemberEventRecord } from '#shared/domain/directory/member-events.ts';
import { type DirectoryPlan, planDirectory, reasonToKeepAll } from '#shared/domain/directory/plan.ts';
import type { Observed, Remembered } from '#shared/domain/directory/planning.ts';
import { readSource } from '#shared/domain/directory/read-source.ts';
import { dailyLimit, spend } from '#shared/domain/directory/removals.ts';
import { type Budget, NO_OWNERSHIP, type Ownership, type Person } from '#shared/domain/directory/state.ts';
import type { Step } from '#shared/domain/directory/steps.ts';
import { RelayError } from '#shared/errors.ts';
import { type DirectoryPlanRecord, directoryAt } from '#shared/records/directory-records.ts';
import type { Records } from '#shared/records/records.ts';
import { changeRecord, type RemovableRecords } from '#shared/records/shared-record.ts';
import { type DirectoryPlanned, type DirectoryStepInput, laneOf } from '#shared/workflows/directory.ts';
import { observe } from './observe.ts';
import { forgetPeople, readPeople } from './people.ts';

export interface PlanDirectoryDependencies {
  readonly config: Pick<RelayConfig, 'relay' | 'directories'>;
  readonly directoryOf: (connection: string) => Promise<Directory>;
  readonly records: RemovableRecords;
  readonly runs: Records;
  /** Reads the text of an object in S3. */
  readonly readObject: (source: NonNullable<DirectoryConfig['source']>) => Promise<string>;
  /** True while the execution can still change the directory. */
  readonly isRunning: (run: string) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Claims the rule, compares the directory with what is declared, and records the steps. The removals of the day are
 * counted before any of them begins. Changes nothing in the directory. Repeatable: a recorded plan is kept.
 */
export const createPlanDirectory =
  (dependencies: PlanDirectoryDependencies) =>
  async ({ rule, run, order }: DirectoryStepInput): Promise<DirectoryPlanned> => {
    const { config, records, runs, isRunning } = dependencies;
    const settings = ruleOf(config, 'directory', rule);
    const place = directoryAt.plan({ rule, run });
    if (!(await claimDirectory(records, { rule, run, lane: laneOf(order) }, isRunning))) {
      return { status: order.trigger === 'undo' ? 'busy' : 'skipped', steps: 0 };
    }
    const isDrift = order.trigger === 'drift';
    const known = await runs.read(place);
    const plan =
      known ??
      (order.trigger === 'undo'
        ? await planUndo(dependencies, { rule, order })
        : await compare(dependencies, { rule, settings, isDrift }));
    if (known === undefined) await runs.write(place, plan);
    return isDrift ? { status: 'compared', steps: 0 } : { status: 'planned', steps: plan.steps.length };
  };

interface Comparison {
  readonly rule: string;
  readonly settings: DirectoryConfig;
  /** True if nothing is carried out. */
  readonly isDrift: boolean;
}

const compare = async (
  dependencies: PlanDirectoryDependencies,
  { rule, settings, isDrift }: Comparison,
): Promise<DirectoryPlanRecord> => {
  const { config, directoryOf, records, now } = dependencies;
  const declared = await readDeclared(dependencies, settings);
  const ownership = (await records.read(directoryAt.ownership(rule)))?.record ?? NO_OWNERSHIP;
  const directory = await directoryOf(settings.connection);
  const observed = await directory.session((session) =>
    observe(session, {
      relay: config.relay,
      rule,
      declared,
      ownership,
      hasPolicies: settings.policies.length > 0,
      now,
    }),
  );
  const remembered: Remembered = {
    ownership,
    people: await readPeople(records, rule),
    budget: (await records.read(directoryAt.budget(rule)))?.record,
  };
  const { removals, reinvite, policies } = settings;
  const at = now();
  const plan = planDirectory(declared, observed, remembered, {
    ...{ relay: config.relay, rule, removals, reinvite, policies, now: at },
  });
  const reason = reasonToKeepAll(declared, observed);
  if (!isDrift) {
    await spendBudget(records, rule, { plan, removals, owned: plan.ownership.members.length, now: at });
    await changeRecord<Ownership, void>(records, directoryAt.ownership(rule), (current) => ({
      next: { ...plan.ownership, writes: (current?.writes ?? 0) + 1 },
      result: undefined,
    }));
    const isWhole = plan.refused === 0 && reason === undefined;
    const { graceDays } = removals;
    const { ownership: owned } = plan;
    await forgetPeople(records, rule, remembered.people, observed, {
      ...{ ownership: owned, declared, isWhole, reinvites: reinvite !== undefined, graceDays, now: at },
    });
  }
  return recordOf(plan, observed, reason);
};

/** Raises `ConfigurationInvalid`, and the errors of the object, if what is declared cannot be read. */
const readDeclared = async (
  { readObject }: PlanDirectoryDependencies,
  { members = [], groups, source }: DirectoryConfig,
): Promise<Declared> => {
  if (source === undefined) return { members, groups, rejected: [] };
  const origin = `s3://${source.bucket}/${source.key}`;
  return readSource({ text: await readObject(source), format: source.format, groups, origin });
};

interface Spending {
  readonly plan: DirectoryPlan;
  readonly removals: DirectoryConfig['removals'];
  readonly owned: number;
  readonly now: number;
}

/** Messages spend from the same budget, and can have done so since. The step is then retried, and plans again. */
const spendBudget = (
  records: RemovableRecords,
  rule: string,
  { plan, removals, owned, now }: Spending,
): Promise<void> =>
  changeRecord<Budget, void>(records, directoryAt.budget(rule), (budget) => {
    const idsOf = (by: 'source' | 'message'): string[] =>
      plan.steps.flatMap((step) =>
        (step.kind === 'empty-group' && by === 'source') || (step.kind === 'revoke' && step.by === by) ? [step.id] : [],
      );
    const [ids, again] = [idsOf('source'), idsOf('message')];
    if (ids.length + again.length === 0) return { result: undefined };
    const spent = spend(budget, { ids, by: 'source', limit: dailyLimit(removals, owned), now });
    // What a message has begun is never refused, and counts all the same.
    const next = spent && spend(spent, { ids: again, by: 'message', limit: Number.POSITIVE_INFINITY, now });
    if (next !== undefined) return { next, result: undefined };
    throw new RelayError('StoreUnavailable', `Messages have used the removals of ${rule}. The step is retried.`);
  });

const recordOf = (plan: DirectoryPlan, { members }: Observed, reason: string | undefined): DirectoryPlanRecord => {
  const { steps, drift, findings, groups } = plan;
  const withStatus = (status: string): string[] =>
    members.rows.flatMap((member) => (member.status === status ? [member.email] : []));
  return {
    ...{ steps: [...steps], drift: [...drift], groups: { ...groups } },
    refused: plan.refused + plan.stuck,
    // The plan names it only where someone would leave.
    findings: [...new Set([...(reason === undefined ? [] : [reason]), ...findings])],
    isWhole: reason === undefined,
    members: members.rows.length,
    waiting: { invited: withStatus('invited'), accepted: withStatus('accepted') },
  };
};

/** Steps that take removals back, without a look at the source. */
const planUndo = async (
  { records }: PlanDirectoryDependencies,
  { rule, order }: Pick<DirectoryStepInput, 'rule' | 'order'>,
): Promise<DirectoryPlanRecord> => {
  const people = await readPeople(records, rule);
  const groups = namesOfGroups((await records.read(directoryAt.ownership(rule)))?.record ?? NO_OWNERSHIP);
  const steps: Step[] = [];
  const findings: string[] = [];
  for (const email of new Set(order.members)) {
    const isCancelled = await cancelEvent(records, rule, email);
    const back = stepsBack(email, people.get(email));
    steps.push(...back);
    if (isCancelled) findings.push(`The message about ${email} was not carried out yet, and will not be.`);
    else if (back.length === 0) findings.push(`${email} is neither being removed nor moved, so nothing is taken back.`);
  }
  return {
    steps,
    findings,
    drift: [],
    refused: 0,
    isWhole: true,
    groups,
    members: 0,
    waiting: { invited: [], accepted: [] },
  };
};

const stepsBack = (email: string, { leaving, word }: Partial<Person> = {}): Step[] => {
  if (leaving !== undefined) return [{ kind: 'restore', id: leaving.id, email, keep: true }];
  if (word === undefined || (word.said === 'joined' && word.moved === undefined)) return [];
  const { moved, ...rest } = word;
  const forget: Step = { kind: 'heed', email, ...(word.said === 'joined' && { word: rest }) };
  if (moved === undefined) return [forget];
  const { id, to, from } = moved;
  const add = from.filter((name) => !to.includes(name));
  const remove = to.filter((name) => !from.includes(name));
  return [forget, { kind: 'change-groups', id, email, add, remove }];
};

const namesOfGroups = ({ groups }: Ownership): Record<string, string> =>
  Object.fromEntries(Object.entries(groups).map(([id, name]) => [name, id]));

/** Cancels a message that is owed. Returns true if there was one. */
const cancelEvent = (records: RemovableRecords, rule: string, email: string): Promise<boolean> =>
  changeRecord<MemberEventRecord, boolean>(records, directoryAt.event(rule, email), (current) =>
    current?.status === 'owed'
      ? { next: { ...current, status: 'undone', writes: current.writes + 1 }, result: true }
      : { result: false },
  );

import type { Notify } from '#shared/aws/alerts.ts';
import type { Item } from '#shared/domain/item.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { ticketedAt } from '#shared/records/ticketed.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';
import type { Run } from '#shared/workflows/run.ts';
import { anOrder, aRule, CHECKOUT, STARTED_AT } from '#test/support/checkouts.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { memoryPages, memoryRecords, memorySharedRecords, memorySignals, rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';
import { rotatingVault } from '#test/support/rotating-vault.ts';
import { type AdvanceDependencies, createAdvance } from '../../../../functions/rotate/advance/advance.ts';
import { createPlanRotation } from '../../../../functions/rotate/plan/plan.ts';
import { createCheckoutsUnder } from '../../../../functions/rotate/plan/requested.ts';
import { createReportRotation } from '../../../../functions/rotate/report/report.ts';

const START = '2026-03-01T12:00:00Z';
export const RUN = { workflow: 'rotate', rule: 'weekly', run: 'weekly.1', startedAt: START } as const;
const NOON = Date.parse(START);
export const MINUTE = 60_000;

/** Accounts of as many systems. */
export const accountsOf = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => itemNumbered(index + 1, { labels: { systemName: `db-${index + 1}` } }));

/** A rotation with a vault, records and a clock. */
export const aScene = (rule: Record<string, unknown> = {}, items: readonly Item[] = accountsOf(3)) => {
  const clock = { now: NOON };
  const vault = rotatingVault(items, () => clock.now);
  const records = memorySharedRecords();
  const notices: string[][] = [];
  const unsent: string[] = [];
  let refusal: Error | undefined;
  const notify: Notify = async (subject, lines) => {
    if (refusal !== undefined) throw refusal;
    notices.push([subject, ...lines]);
  };
  const checkouts = { records: memoryRecords(), signals: memorySignals() };
  const checkoutsUnder = createCheckoutsUnder(checkouts.records, checkouts.signals);
  const running = new Set<string>();
  const started = new Map<string, string>();
  const measured: Record<string, number>[] = [];
  const sides = (sync: Record<string, unknown> = {}) => ({
    config: aRotationConfig(rule, sync),
    vaultOf: async () => vault.vault,
    rulesOf: async (_connection: string, source: Parameters<typeof rulesOf>[0]) => rulesOf(source),
    storeRules: async () => awsSecretsManagerRules,
    records,
    now: () => clock.now,
  });
  const order: RotateStepInput['order'] = { rule: RUN.rule, trigger: 'schedule' };
  return {
    ...vault,
    clock,
    records,
    /** Notices to people: subject and lines. */
    notices,
    /** Names of the errors of notices that were not sent. */
    unsent,
    refuseNotices(next: Error | undefined): void {
      refusal = next;
    },
    /** Records a checkout under a ticket. */
    async checkOut(ticket: string, run: Pick<Run, 'rule' | 'run'>, items: readonly Item[]) {
      await checkouts.signals.put(ticketedAt.checkout(ticket, run));
      await checkouts.records.write(checkoutAt.record(run), {
        ...CHECKOUT,
        settings: aRule(),
        order: anOrder(),
        startedAt: STARTED_AT,
        plannedAt: STARTED_AT,
        items: items.map((item) => ({ item, targets: [{ store: 'aws', name: `checkouts/${item.ref.id}` }] })),
      });
    },
    /** Executions that have not ended. */
    running,
    /** Orders of the executions that continue another one, by name. */
    started,
    /** Measurements of the progress. */
    measured,
    plan: (more: Partial<RotateStepInput> = {}, sync: Record<string, unknown> = {}, config = sides(sync).config) =>
      createPlanRotation({ ...sides(sync), config, checkoutsUnder, isRunning: async (run) => running.has(run) })({
        ...RUN,
        order,
        ...more,
      }),
    advance: (
      remainingMs: number | (() => number) = 900_000,
      more: Partial<AdvanceDependencies> = {},
      input: Partial<RotateStepInput> = {},
    ) =>
      createAdvance({
        ...sides(),
        checkoutsOf: () => async () => new Map(),
        measure: async (_rule, counted) => void measured.push(counted),
        notify,
        onUnnotified: ({ name }) => void unsent.push(name),
        ...more,
      })(
        { ...RUN, order, ...input },
        {
          remainingMs: typeof remainingMs === 'number' ? () => remainingMs : remainingMs,
        },
      ),
    /** Ends an execution, as its last step does. */
    report: (more: Partial<RotateStepInput> = {}) =>
      createReportRotation({
        records,
        pages: memoryPages(),
        measure: async () => {},
        notify,
        start: async (name, input) => void started.set(name, input),
        now: () => clock.now,
      })({
        ...RUN,
        order,
        planned: { status: 'planned', items: 1 },
        ...more,
      }),
    /** Status of each item, by its id in the vault. */
    async statuses(run: string = RUN.run) {
      const progress = await records.read(rotationAt.progress({ ...RUN, run }));
      return Object.fromEntries(
        (progress?.record.state.items ?? []).map(({ id, status }) => [id.replace('account:', ''), status]),
      );
    },
    progress: async () => (await records.read(rotationAt.progress(RUN)))?.record,
    async items() {
      const progress = (await records.read(rotationAt.progress(RUN)))?.record;
      return progress && (await records.read(rotationAt.items(RUN, progress)))?.record;
    },
  };
};

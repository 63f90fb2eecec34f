import { describeLeast } from '#shared/domain/limits/estimate.ts';
import { ACTIONS, type Action } from '#shared/domain/plan/ledger.ts';
import { showText } from '#shared/domain/text.ts';
import { inColumns, type Output, type Tone } from '../output.ts';
import type { Deployment } from './deployment.ts';
import { type PlannedTarget, type SyncPlan, UNKNOWN } from './sync-plan.ts';

const TONES: Readonly<Record<Action, Tone>> = {
  create: 'good',
  change: 'good',
  verify: 'good',
  retire: 'bad',
  unchanged: 'quiet',
  changing: 'waiting',
  parked: 'waiting',
  held: 'bad',
  keep: 'quiet',
  refuse: 'bad',
};

/** Lines of the plans of some syncs. Unchanged secrets are only counted. Pure. */
export const showPlans = (
  { account, region, relayId }: Omit<Deployment, 'records'>,
  plans: readonly SyncPlan[],
  paint: Output['paint'],
): string[] => [
  ...inColumns([
    ['Account', account],
    ['Region', region],
    ['Relay id', relayId],
  ]),
  ...plans.flatMap((plan) => ['', ...showPlan(plan, paint)]),
];

const showPlan = (plan: SyncPlan, paint: Output['paint']): string[] => {
  const { sync, connection, stores, owner, planId, counts, leastDuration, notes, targets } = plan;
  const counted = ACTIONS.filter((action) => counts[action] > 0).map((action) => `${counts[action]} ${action}`);
  return [
    paint('strong', `Sync ${sync}, from ${connection} to ${stores.join(', ')}`),
    ...inColumns([
      ['  Owner', owner],
      ['  Decisions', counted.join(', ') || 'none'],
      ...(leastDuration.seconds === 0 ? [] : [['  Time by the limits', describeLeast(leastDuration)]]),
      ['  Plan id', planId ?? `${UNKNOWN}; add --stack NAME`],
    ]),
    ...notes.map((note) => paint('waiting', `  Note: ${showText(note)}`)),
    ...showTargets(targets, stores.length > 1, paint),
  ];
};

const showTargets = (targets: readonly PlannedTarget[], withStores: boolean, paint: Output['paint']): string[] => {
  const listed = targets.filter(({ action }) => action !== 'unchanged');
  const rows = inColumns(
    listed.map(({ action, store = '-', secret = '-', item = '-' }) => [
      action,
      ...(withStores ? [store] : []),
      secret,
      item,
    ]),
  );
  return listed.flatMap(({ action, reason }, index) => [
    `  ${paint(TONES[action], (rows[index] ?? '').slice(0, action.length))}${(rows[index] ?? '').slice(action.length)}`,
    ...(reason === undefined ? [] : [paint('quiet', `    ${showText(reason)}`)]),
  ]);
};

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
  const { sync, connection, store, owner, planId, counts, leastSeconds, notes, targets } = plan;
  const counted = ACTIONS.filter((action) => counts[action] > 0).map((action) => `${counts[action]} ${action}`);
  return [
    paint('strong', `Sync ${sync}, from ${connection} to ${store}`),
    ...inColumns([
      ['  Owner', owner],
      ['  Decisions', counted.join(', ') || 'none'],
      ...(leastSeconds === 0 ? [] : [['  Time by the limits', `at least ${leastSeconds} s`]]),
      ['  Plan id', planId ?? `${UNKNOWN}; add --stack NAME`],
    ]),
    ...notes.map((note) => paint('waiting', `  Note: ${showText(note)}`)),
    ...showTargets(targets, paint),
  ];
};

const showTargets = (targets: readonly PlannedTarget[], paint: Output['paint']): string[] => {
  const listed = targets.filter(({ action }) => action !== 'unchanged');
  const rows = inColumns(listed.map(({ action, secret = '-', item = '-' }) => [action, secret, item]));
  return listed.flatMap(({ action, reason }, index) => [
    `  ${paint(TONES[action], (rows[index] ?? '').slice(0, action.length))}${(rows[index] ?? '').slice(action.length)}`,
    ...(reason === undefined ? [] : [paint('quiet', `    ${showText(reason)}`)]),
  ]);
};

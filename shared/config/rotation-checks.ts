import { type Checkable, checkableEntries, findSource, ownOf } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { longestGapMinutes } from '#shared/config/schedule/longest-gap.ts';
import type { CheckoutConfig, RotationConfig } from '#shared/config/schema.ts';
import { isSameVault } from '#shared/records/rotation-holds.ts';

/** Checks of rotations. Pure. */

const checkConnections = ({ connections }: Checkable, name: string, rule: RotationConfig): Problem[] => {
  const known = Object.keys(connections ?? {});
  return (['connection', 'with'] as const).flatMap((field) => {
    const wanted = rule[field];
    if (wanted === undefined || known.length === 0 || known.includes(wanted)) return [];
    return [
      {
        path: ['rotations', name, field],
        message: `there is no connection "${wanted}"; ${suggest(wanted, known)}`,
      },
    ];
  });
};

/** An item has the same reference in one vault only. In another one, it may be that of a foreign account. */
const checkWith = (
  { connections }: Checkable,
  name: string,
  { connection, with: changing }: RotationConfig,
): Problem[] => {
  const known = Object.fromEntries(checkableEntries(connections));
  if (changing === undefined || ![connection, changing].every((each) => Object.hasOwn(known, each))) return [];
  if (isSameVault({ connections: known }, connection, changing)) return [];
  return [
    {
      path: ['rotations', name, 'with'],
      message: `connection "${changing}" has another url than "${connection}", so it could change the accounts of another vault; name a connection with the same url`,
    },
  ];
};

/** Both connections must be able to change items of the source. */
const checkSource = (
  { connections }: Checkable,
  types: RegisteredTypes,
  name: string,
  rule: RotationConfig,
): Problem[] =>
  (['connection', 'with'] as const).flatMap((field) => {
    const connection = rule[field];
    const type = connection === undefined ? undefined : ownOf(connections, connection)?.type;
    const found = type === undefined ? undefined : ownOf(types.connections, type);
    if (found?.open === undefined || ownOf(found.sources, rule.source)?.rotation !== undefined) return [];
    return [
      {
        path: ['rotations', name, field],
        message: `connection "${connection}" cannot change items of the source "${rule.source}"; name another connection`,
      },
    ];
  });

/** The plan of a run decides for each item. */
const checkDelivered = (
  { syncs }: Checkable,
  types: RegisteredTypes,
  name: string,
  { connection, source, undelivered }: RotationConfig,
): Problem[] => {
  const hasInvalid = Object.values(syncs ?? {}).some((sync) => sync === undefined);
  const isDelivered = checkableEntries(syncs).some(
    ([, sync]) =>
      sync.connection === connection &&
      sync.source === source &&
      findSource(types, source)?.rules(sync).address !== undefined,
  );
  if (undelivered || hasInvalid || isDelivered) return [];
  return [
    {
      path: ['rotations', name, 'connection'],
      message: `no sync delivers items of "${source}" from "${connection}", so their readers would lose access; add a sync, or write undelivered: true`,
    },
  ];
};

/** The size limits the canary too. */
const checkWaves = (name: string, { canary, size }: RotationConfig): Problem[] =>
  canary <= size
    ? []
    : [
        {
          path: ['rotations', name, 'canary'],
          message: `is larger than a wave; write canary: ${size}, or raise size`,
        },
      ];

const DAY_MINUTES = 1440;

/** A rotation that starts less often than once in two years is not compared with the ages. */
const MAX_GAP_DAYS = 2 * 366;

/** A credential is as old as the gap when its turn comes, and older while the waves before its own rotate. */
const checkAge = (name: string, { schedule, maxAgeDays }: RotationConfig): Problem[] => {
  if (schedule === undefined || maxAgeDays === undefined) return [];
  const gap = longestGapMinutes(schedule.expression, schedule.timeZone, MAX_GAP_DAYS);
  if (gap === undefined || maxAgeDays * DAY_MINUTES > gap) return [];
  const days = Math.floor(gap / DAY_MINUTES) + 1;
  return [
    {
      path: ['rotations', name, 'maxAgeDays'],
      message: `is not longer than the time between two rotations of the schedule; write maxAgeDays: ${days} or more, or rotate more often`,
    },
  ];
};

/** A rule that one message may rotate as a whole needs limits of its own. */
const checkEmergency = (name: string, { emergency, senders, budget, schedule }: RotationConfig): Problem[] => {
  if (!emergency) return [];
  const at = (field: string, message: string): Problem => ({ path: ['rotations', name, field], message });
  return [
    ...(senders === undefined
      ? [at('senders', 'is missing; name who may start the emergency: senders: [AROA1234567890EXAMPLE]')]
      : []),
    ...(budget === undefined ? [at('budget', 'is missing; write the most accounts of one message: budget: 500')] : []),
    ...(schedule === undefined
      ? []
      : [at('schedule', 'does not go with emergency: true; remove it, or rotate on a schedule by another rule')]),
  ];
};

/** Messages start a rotation at any time, so only a schedule has a window. */
const checkWindow = (name: string, { schedule, window }: RotationConfig): Problem[] =>
  window === undefined || schedule !== undefined
    ? []
    : [
        {
          path: ['rotations', name, 'window'],
          message: 'applies only to scheduled starts; add a schedule, or remove it',
        },
      ];

/** The rotation has to find the items of the checkout in its own list, by their references. */
const checkAfterCheckout = (
  config: Checkable,
  checkout: string,
  { rotate, connection, source }: CheckoutConfig,
): Problem[] => {
  if (rotate === undefined) return [];
  const problem = (message: string): Problem[] => [{ path: ['checkouts', checkout, 'rotate'], message }];
  const known = Object.keys(config.rotations ?? {});
  if (!known.includes(rotate)) {
    const advice = known.length === 0 ? 'add one under rotations' : suggest(rotate, known);
    return problem(`there is no rotation "${rotate}"; ${advice}`);
  }
  const rule = ownOf(config.rotations, rotate);
  if (rule === undefined) return [];
  if (rule.emergency) {
    return problem(`the rotation "${rotate}" is for emergencies; name a rotation without emergency: true`);
  }
  if (rule.source !== source) {
    return problem(
      `the rotation "${rotate}" changes items of "${rule.source}", and the checkout opens items of "${source}"; name a rotation with source: ${source}, or remove rotate`,
    );
  }
  const connections = Object.fromEntries(checkableEntries(config.connections));
  const isKnown = [connection, rule.connection].every((name) => Object.hasOwn(connections, name));
  if (!isKnown || isSameVault({ connections }, connection, rule.connection)) return [];
  return problem(
    `the rotation "${rotate}" changes items of another vault; name a rotation with connection: ${connection}`,
  );
};

/** Returns the problems of all rotations, and of the checkouts that end with one. */
export const checkRotations = (config: Checkable, types: RegisteredTypes): Problem[] => [
  ...checkableEntries(config.rotations).flatMap(([name, rule]) => [
    ...checkConnections(config, name, rule),
    ...checkWith(config, name, rule),
    ...checkSource(config, types, name, rule),
    ...checkDelivered(config, types, name, rule),
    ...checkWaves(name, rule),
    ...checkWindow(name, rule),
    ...checkAge(name, rule),
    ...checkEmergency(name, rule),
  ]),
  ...checkableEntries(config.checkouts).flatMap(([name, rule]) => checkAfterCheckout(config, name, rule)),
];

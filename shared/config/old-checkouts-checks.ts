import { type Checkable, checkableEntries, ownOf } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { OldCheckoutsConfig } from '#shared/config/schema.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';

/** Checks of the rules for old checkouts. Pure. */

type At = (field: string, message: string) => Problem;

const checkConnection = ({ connections }: Checkable, { connection }: OldCheckoutsConfig, at: At): Problem[] => {
  const known = Object.keys(connections ?? {});
  if (known.length === 0 || known.includes(connection)) return [];
  return [at('connection', `there is no connection "${connection}"; ${suggest(connection, known)}`)];
};

/** The vault must show the leases of all its users. */
const checkSource = (
  sources: Readonly<Record<string, SourceType>>,
  { connection, source }: OldCheckoutsConfig,
  at: At,
): Problem[] => {
  const usable = Object.entries(sources).flatMap(([name, { oldCheckouts }]) => (oldCheckouts ? [name] : []));
  if (usable.includes(source)) return [];
  return usable.length === 0
    ? [at('connection', `"${connection}" is of a type that does not show all checkouts; name another connection`)]
    : [at('source', `connection "${connection}" has no such source "${source}"; ${suggest(source, usable)}`)];
};

const isEverything = (pattern: string): boolean => /^\*+$/.test(pattern);

/** No checkout may end because of a list that selects more than it seems to. */
const checkConsent = (
  { source, forceCheckIn }: OldCheckoutsConfig,
  groupLabel: string | undefined,
  at: At,
): Problem[] => {
  if (forceCheckIn === undefined) return [];
  const { groups, everything } = forceCheckIn;
  if (groups === undefined) {
    return everything === true
      ? []
      : [at('forceCheckIn', 'selects nothing; name groups: [Contractors], or write everything: true')];
  }
  if (everything === true) return [at('forceCheckIn.everything', 'does not go with groups; remove one of them')];
  if (groupLabel === undefined) {
    return [at('forceCheckIn.groups', `items of "${source}" have no groups; write everything: true instead`)];
  }
  if (groups.some(isEverything)) {
    return [at('forceCheckIn.groups', 'selects every group; write everything: true instead')];
  }
  return groups.every((pattern) => pattern.startsWith('!'))
    ? [at('forceCheckIn.groups', 'only excludes; name the groups whose checkouts may be ended')]
    : [];
};

/** A checkout that is ended is in the report, and its holder had the time that the report allows. */
const checkAges = ({ olderThanHours, forceCheckIn }: OldCheckoutsConfig, at: At): Problem[] =>
  forceCheckIn === undefined || forceCheckIn.olderThanHours >= olderThanHours
    ? []
    : [
        at(
          'forceCheckIn.olderThanHours',
          `ends checkouts that are not reported yet; write olderThanHours: ${olderThanHours} or more`,
        ),
      ];

/** Older checkouts can only be unknown. */
const checkShown = ({ olderThanHours, forceCheckIn }: OldCheckoutsConfig, shownHours: number, at: At): Problem[] =>
  (
    [
      ['olderThanHours', olderThanHours],
      ['forceCheckIn.olderThanHours', forceCheckIn?.olderThanHours ?? 0],
    ] as const
  ).flatMap(([field, hours]) =>
    hours < shownHours
      ? []
      : [at(field, `is more than the vault shows, which is ${shownHours} hours; write a smaller number`)],
  );

/** Returns the problems of all rules for old checkouts. */
export const checkOldCheckouts = (config: Checkable, types: RegisteredTypes): Problem[] =>
  checkableEntries(config.oldCheckouts).flatMap(([name, rule]) => {
    const at: At = (field, message) => ({ path: ['oldCheckouts', name, ...field.split('.')], message });
    const type = ownOf(config.connections, rule.connection)?.type;
    const found = type === undefined ? undefined : ownOf(types.connections, type);
    const sources = found?.open === undefined ? undefined : found.sources;
    const source = ownOf(sources, rule.source);
    const { groupLabel, shownHours = Number.POSITIVE_INFINITY } = source?.rules(rule) ?? {};
    return [
      ...checkConnection(config, rule, at),
      ...(sources === undefined ? [] : checkSource(sources, rule, at)),
      ...(source?.oldCheckouts === undefined ? [] : checkConsent(rule, groupLabel, at)),
      ...checkShown(rule, shownHours, at),
      ...checkAges(rule, at),
    ];
  });

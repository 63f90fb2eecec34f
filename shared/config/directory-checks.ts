import { type Checkable, checkableEntries } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { DirectoryConfig } from '#shared/config/schema.ts';
import { contradictionsIn } from '#shared/domain/directory/declared.ts';

/** Checks of the rules for directories. Pure. */

type At = (field: string, message: string, ...rest: (string | number)[]) => Problem;

const checkConnection = ({ connections }: Checkable, { connection }: DirectoryConfig, at: At): Problem[] => {
  const known = Object.keys(connections ?? {});
  if (known.length === 0 || known.includes(connection)) return [];
  return [at('connection', `there is no connection "${connection}"; ${suggest(connection, known)}`)];
};

const checkSource = ({ members, groups, source }: DirectoryConfig, at: At): Problem[] => {
  if (members === undefined && source === undefined) {
    return [at('members', 'is missing; write the members, or name an object in S3 under source')];
  }
  if (members !== undefined && source !== undefined)
    return [at('source', 'does not go with members; remove one of them')];
  if (source?.format === 'json' && groups.length > 0) {
    return [
      at('groups', 'does not go with a source in JSON, which declares its own groups; move them into the object'),
    ];
  }
  return [];
};

const checkRows = ({ members = [], groups }: DirectoryConfig, at: At): Problem[] =>
  contradictionsIn({ members, groups }).map(({ list, index, field, message }) => at(list, message, index, ...field));

const checkPolicies = ({ policies }: DirectoryConfig, at: At): Problem[] =>
  policies.flatMap(({ type }, index) =>
    policies.findIndex((policy) => policy.type === type) < index
      ? [at('policies', 'is declared twice; remove one', index, 'type')]
      : [],
  );

const checkSchedules = ({ schedule, drift }: DirectoryConfig, at: At): Problem[] =>
  schedule === undefined && drift === undefined
    ? [at('schedule', 'is missing; write a schedule, or under drift one that only compares')]
    : [];

/** Returns the problems of all rules for directories. */
export const checkDirectories = (config: Checkable): Problem[] =>
  checkableEntries(config.directories).flatMap(([name, rule]) => {
    const at: At = (field, message, ...rest) => ({ path: ['directories', name, field, ...rest], message });
    return [
      checkConnection(config, rule, at),
      ...[checkSource, checkRows, checkPolicies, checkSchedules].map((check) => check(rule, at)),
    ].flat();
  });

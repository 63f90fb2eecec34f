import { type Checkable, checkableEntries } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { isSameUser } from '#shared/config/same-user.ts';
import type { DirectoryConfig } from '#shared/config/schema.ts';
import { contradictionsIn } from '#shared/domain/directory/declared.ts';

/** Checks of the rules for directories. Pure. */

type At = (field: string, message: string, ...rest: (string | number)[]) => Problem;

interface Subject {
  readonly name: string;
  readonly rule: DirectoryConfig;
  readonly at: At;
}

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
  if (source?.format === 'json' && /\.csv$/i.test(source.key)) {
    return [at('source', 'is json, but the key is that of a table; write format: csv', 'format')];
  }
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

const checkSchedules = ({ schedule, drift, messages }: DirectoryConfig, at: At): Problem[] => {
  if (schedule !== undefined) return [];
  if (drift === undefined)
    return [at('schedule', 'is missing; write a schedule, or under drift one that only compares')];
  // Only a run over the declared state adopts members, and removes those who have left.
  return messages === undefined
    ? []
    : [at('messages', 'does not go without a schedule, which makes members those of the relay; add one')];
};

/** Two rules would each take the members of the other out of their groups. */
const checkOneRule = (config: Checkable, types: RegisteredTypes, { name, rule, at }: Subject): Problem[] => {
  const rules = checkableEntries(config.directories);
  const before = rules.slice(
    0,
    rules.findIndex(([other]) => other === name),
  );
  const [same] = before.filter(([, { connection }]) => isSameUser(config, types, connection, rule.connection));
  return same === undefined
    ? []
    : [at('connection', `is to the directory of directories.${same[0]}; declare all people in one rule`)];
};

/** Returns the problems of all rules for directories. */
export const checkDirectories = (config: Checkable, types: RegisteredTypes): Problem[] =>
  checkableEntries(config.directories).flatMap(([name, rule]) => {
    const at: At = (field, message, ...rest) => ({ path: ['directories', name, field, ...rest], message });
    return [
      checkConnection(config, rule, at),
      checkOneRule(config, types, { name, rule, at }),
      ...[checkSource, checkRows, checkPolicies, checkSchedules].map((check) => check(rule, at)),
    ].flat();
  });

import { checkBlueprints } from '#shared/config/blueprint-checks.ts';
import {
  type Checkable,
  checkableEntries,
  DELIVERING,
  type Delivering,
  deliveries,
  type Entries,
  ownOf,
  RULE_WORDS,
} from '#shared/config/checkable.ts';
import { checkClaims } from '#shared/config/claim-checks.ts';
import { checkDirectories } from '#shared/config/directory-checks.ts';
import { checkExports } from '#shared/config/export-checks.ts';
import { checkFolders } from '#shared/config/folder-checks.ts';
import { checkKinds } from '#shared/config/kind-checks.ts';
import { checkOldCheckouts } from '#shared/config/old-checkouts-checks.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import { checkPromises } from '#shared/config/promise-checks.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { checkRotations } from '#shared/config/rotation-checks.ts';
import { checkPaces, checkRoles } from '#shared/config/store-checks.ts';
import { checkTemplates } from '#shared/config/template-checks.ts';
import { checkTiming } from '#shared/config/timing-checks.ts';
import { checkWebhooks } from '#shared/config/webhook-checks.ts';

/**
 * Checks of the relations between fields. Pure: each check takes a configuration whose entries have the right shape and
 * returns problems.
 *
 * One mistake cannot be detected here: a rule that reads the account with which its connection signs in. That account
 * is named only in the bootstrap secret. A rule whose deliveries could overwrite a bootstrap secret or a token of the
 * relay is refused.
 */

const checkReferences = (config: Checkable): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry }) => [
    ...checkReference([section, name, 'connection'], 'connection', entry.connection, config.connections),
    ...entry.stores.flatMap((store, index) =>
      checkReference([section, name, 'stores', index], 'store', store, config.stores),
    ),
  ]);

const checkReference = (
  path: Problem['path'],
  what: 'connection' | 'store',
  wanted: string,
  entries: Entries<unknown> | undefined,
): Problem[] => {
  const known = Object.keys(entries ?? {});
  if (known.length === 0 || known.includes(wanted)) return [];
  return [{ path, message: `there is no ${what} "${wanted}"; ${suggest(wanted, known)}` }];
};

/** Property of a source type that contains the shape of a section's entries. */
const SHAPES = { syncs: 'sync', checkouts: 'checkout' } as const satisfies Record<Delivering, string>;

/** The schema accepts every source that exists for the section, even one of another type of connection. */
const checkSources = (config: Checkable, types: RegisteredTypes): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry: { connection, source } }) => {
    const type = ownOf(types.connections, ownOf(config.connections, connection)?.type ?? '');
    if (type?.open === undefined) return [];
    const usable = Object.entries(type.sources).flatMap(([each, shapes]) =>
      shapes[SHAPES[section]] === undefined ? [] : [each],
    );
    if (usable.includes(source)) return [];
    const advice =
      usable.length === 0 ? `name a connection that a ${RULE_WORDS[section]} can read from` : suggest(source, usable);
    return [
      { path: [section, name, 'source'], message: `connection "${connection}" has no source "${source}"; ${advice}` },
    ];
  });

const checkNotEmpty = ({
  syncs,
  checkouts,
  rotations,
  oldCheckouts,
  exports,
  provisioning,
  directories,
}: Checkable): Problem[] =>
  (syncs === undefined && checkouts === undefined && provisioning === undefined) ||
  Object.keys({ ...syncs, ...checkouts, ...rotations, ...oldCheckouts, ...exports, ...provisioning, ...directories })
    .length > 0
    ? []
    : [
        {
          path: ['syncs'],
          message:
            'is missing or empty; write at least one sync, or one entry under checkouts, rotations, oldCheckouts, exports, provisioning or directories',
        },
      ];

const checkUse = (config: Checkable): Problem[] => {
  const judged = deliveries(config);
  const blueprints = checkableEntries(config.provisioning).map(([, blueprint]) => blueprint);
  const rotations = checkableEntries(config.rotations).map(([, rotation]) => rotation);
  const oldCheckouts = checkableEntries(config.oldCheckouts).map(([, rule]) => rule);
  const exports = checkableEntries(config.exports).map(([, rule]) => rule);
  const directories = checkableEntries(config.directories).map(([, rule]) => rule);
  const sections = ['provisioning', 'rotations', 'oldCheckouts', 'exports', 'directories', ...DELIVERING] as const;
  const written = sections.flatMap((section) => Object.keys(config[section] ?? {}));
  const judgedCount =
    judged.length + blueprints.length + rotations.length + oldCheckouts.length + exports.length + directories.length;
  // An invalid entry could be the one that uses it. A configuration without entries has its own message.
  if (judgedCount === 0 || judgedCount < written.length) return [];
  const unused = (section: string, entries: Entries<unknown> | undefined, used: ReadonlySet<string>): Problem[] => {
    const known = Object.keys(entries ?? {});
    // A misspelled name can refer to any of them.
    if ([...used].some((name) => !known.includes(name))) return [];
    return known
      .filter((name) => !used.has(name))
      .map((name) => ({
        path: [section, name],
        atKey: true,
        message: 'is not used by any rule; use it or remove it',
      }));
  };
  return [
    ...unused(
      'connections',
      config.connections,
      new Set([
        ...judged.map(({ entry }) => entry.connection),
        ...rotations.flatMap((rotation) => [rotation.connection, rotation.with ?? []].flat()),
        ...oldCheckouts.map(({ connection }) => connection),
        ...exports.map(({ connection }) => connection),
        ...directories.map(({ connection }) => connection),
        ...blueprints.flatMap(({ connection, proof: { access } }) => [connection, access ?? []].flat()),
      ]),
    ),
    ...unused('stores', config.stores, new Set(judged.flatMap(({ entry }) => entry.stores))),
  ];
};

/** A rule's name identifies its state machine, and its secrets by their owner tag, so it must be unique. */
const checkUniqueNames = ({ syncs, checkouts, rotations, provisioning }: Checkable): Problem[] => [
  ...sameNames('checkouts', checkouts, { 'a sync': syncs }),
  ...sameNames('rotations', rotations, { 'a sync': syncs, 'a checkout': checkouts }),
  ...sameNames('provisioning', provisioning, { 'a sync': syncs, 'a checkout': checkouts, 'a rotation': rotations }),
];

const sameNames = (
  section: string,
  entries: Entries<unknown> | undefined,
  others: Readonly<Record<string, Entries<unknown> | undefined>>,
): Problem[] =>
  Object.keys(entries ?? {}).flatMap((name) =>
    Object.entries(others).flatMap(([what, named]) =>
      Object.hasOwn(named ?? {}, name)
        ? [{ path: [section, name], atKey: true, message: `has the same name as ${what}; rename it` }]
        : [],
    ),
  );

const CHECKS: readonly ((config: Checkable, types: RegisteredTypes) => Problem[])[] = [
  checkNotEmpty,
  checkReferences,
  checkKinds,
  checkSources,
  checkUse,
  checkUniqueNames,
  checkTemplates,
  checkFolders,
  checkBlueprints,
  checkWebhooks,
  checkPaces,
  checkRoles,
  checkTiming,
  checkPromises,
  checkRotations,
  checkClaims,
  checkOldCheckouts,
  checkExports,
  checkDirectories,
];

/** Returns all problems in the relations between the fields of a configuration. Pure; never throws. */
export const checkConfig = (config: Checkable, types: RegisteredTypes): Problem[] =>
  CHECKS.flatMap((check) => check(config, types));

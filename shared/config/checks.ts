import {
  type Checkable,
  DELIVERING,
  type Delivering,
  deliveries,
  type Entries,
  ownOf,
  RULE_WORDS,
} from '#shared/config/checkable.ts';
import { checkFolders } from '#shared/config/folder-checks.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { checkTemplates } from '#shared/config/template-checks.ts';
import { checkTiming } from '#shared/config/timing-checks.ts';

/**
 * What needs more than one field to see. Pure: each check looks at a configuration whose entries have the right shape
 * and gives problems.
 *
 * One thing can't be seen here: whether the account that a connection signs in with is among those that it reads, because
 * who that is stands in the bootstrap secret, and the vault only knows. What can be seen, and is refused, is a rule whose
 * deliveries could land on a bootstrap secret or on a token of the relay.
 */

const checkReferences = (config: Checkable): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry }) => [
    ...checkReference([section, name, 'connection'], entry.connection, config.connections),
    ...checkReference([section, name, 'store'], entry.store, config.stores),
  ]);

const checkReference = (
  path: readonly [Delivering, string, 'connection' | 'store'],
  wanted: string,
  entries: Entries<unknown> | undefined,
): Problem[] => {
  const known = Object.keys(entries ?? {});
  if (known.length === 0 || known.includes(wanted)) return [];
  return [{ path, message: `there is no ${path[2]} "${wanted}"; ${suggest(wanted, known)}` }];
};

/** The shape of an entry under each section, as a source has it. */
const SHAPES = { syncs: 'sync', checkouts: 'checkout' } as const satisfies Record<Delivering, string>;

/** A source that exists, and has the shape, may still be one of another type of connection. */
const checkSources = (config: Checkable, types: RegisteredTypes): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry: { connection, source } }) => {
    const type = ownOf(types.connections, ownOf(config.connections, connection)?.type ?? '');
    if (type === undefined) return [];
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

const checkAnything = ({ syncs, checkouts }: Checkable): Problem[] =>
  (syncs === undefined && checkouts === undefined) || Object.keys({ ...syncs, ...checkouts }).length > 0
    ? []
    : [{ path: ['syncs'], message: 'is missing or empty; write at least one sync, or one entry under checkouts' }];

const checkUse = (config: Checkable): Problem[] => {
  const judged = deliveries(config);
  const written = DELIVERING.flatMap((section) => Object.keys(config[section] ?? {}));
  // A broken entry may be the one that uses it; without any entry that is what has to be said.
  if (judged.length === 0 || judged.length < written.length) return [];
  const unused = (section: string, entries: Entries<unknown> | undefined, used: ReadonlySet<string>): Problem[] => {
    const known = Object.keys(entries ?? {});
    // Whoever misspells a name does use something.
    if ([...used].some((name) => !known.includes(name))) return [];
    return known
      .filter((name) => !used.has(name))
      .map((name) => ({
        path: [section, name],
        atKey: true,
        message: 'is used by no sync and no checkout; use it or remove it',
      }));
  };
  return [
    ...unused('connections', config.connections, new Set(judged.map(({ entry }) => entry.connection))),
    ...unused('stores', config.stores, new Set(judged.map(({ entry }) => entry.store))),
  ];
};

/** What a run is named after says which machine it runs in, and whose secrets carry the name in their owner tag. */
const checkNamesApart = ({ syncs, checkouts }: Checkable): Problem[] =>
  Object.keys(checkouts ?? {})
    .filter((name) => Object.hasOwn(syncs ?? {}, name))
    .map((name) => ({
      path: ['checkouts', name],
      atKey: true,
      message: 'has the name of a sync; give it another one',
    }));

const CHECKS: readonly ((config: Checkable, types: RegisteredTypes) => Problem[])[] = [
  checkAnything,
  checkReferences,
  checkSources,
  checkUse,
  checkNamesApart,
  checkTemplates,
  checkFolders,
  checkTiming,
];

/** All that is wrong between the fields of a configuration that these types can be used in. Pure; never throws. */
export const checkConfig = (config: Checkable, types: RegisteredTypes): Problem[] =>
  CHECKS.flatMap((check) => check(config, types));

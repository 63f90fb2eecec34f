import { type Checkable, checkableEntries, type Entries, ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';

/** Checks that each rule names a connection of the kind that it needs: a vault or a directory. Pure. */

type Kind = 'vault' | 'directory';

/** A name of a connection in a rule. */
interface Use {
  /** Path below the section. */
  readonly path: Problem['path'];
  readonly connection: string | undefined;
}

const usesIn = (entries: Entries<{ connection: string }> | undefined): Use[] =>
  checkableEntries(entries).map(([name, { connection }]) => ({ path: [name, 'connection'], connection }));

/** Connections that the rules of each section name, and their kind. Blueprints provision in both kinds. */
const USES: readonly {
  readonly section: string;
  readonly kind: Kind;
  readonly usesOf: (config: Checkable) => readonly Use[];
}[] = [
  { section: 'syncs', kind: 'vault', usesOf: ({ syncs }) => usesIn(syncs) },
  { section: 'checkouts', kind: 'vault', usesOf: ({ checkouts }) => usesIn(checkouts) },
  {
    section: 'rotations',
    kind: 'vault',
    usesOf: ({ rotations }) => [
      ...usesIn(rotations),
      ...checkableEntries(rotations).map(([name, rule]) => ({ path: [name, 'with'], connection: rule.with })),
    ],
  },
  { section: 'oldCheckouts', kind: 'vault', usesOf: ({ oldCheckouts }) => usesIn(oldCheckouts) },
  { section: 'exports', kind: 'directory', usesOf: ({ exports }) => usesIn(exports) },
  { section: 'directories', kind: 'directory', usesOf: ({ directories }) => usesIn(directories) },
  {
    section: 'provisioning',
    kind: 'vault',
    usesOf: ({ provisioning }) =>
      checkableEntries(provisioning).map(([name, { proof }]) => ({
        path: [name, 'proof', 'access'],
        connection: proof.access,
      })),
  },
];

const ADVICE: Readonly<Record<Kind, string>> = {
  vault: 'is a directory, which has no credentials; name a vault',
  directory: 'is a vault, which holds no people and groups; name a directory',
};

/** Kind of a connection; undefined if it does not exist or is invalid, which has a message of its own. */
export const kindOf = ({ connections }: Checkable, types: RegisteredTypes, connection: string): Kind | undefined => {
  const settings = ownOf(connections, connection);
  const type = settings && ownOf(types.connections, settings.type);
  if (type === undefined) return undefined;
  return type.open === undefined ? 'directory' : 'vault';
};

/** Returns the problems of all rules whose connection is of the other kind. */
export const checkKinds = (config: Checkable, types: RegisteredTypes): Problem[] =>
  USES.flatMap(({ section, kind, usesOf }) =>
    usesOf(config).flatMap(({ path, connection }) => {
      const found = connection === undefined ? undefined : kindOf(config, types, connection);
      return found === undefined || found === kind
        ? []
        : [{ path: [section, ...path], message: `"${connection}" ${ADVICE[kind]}` }];
    }),
  );

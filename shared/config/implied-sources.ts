import * as z from 'zod';
import { ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';

/** Rules that omit `source`, although their connection does not have the default one. Pure. */

/** Property of a source type that contains the shape of a section's entries. */
const SHAPES = { syncs: 'sync', checkouts: 'checkout', rotations: 'rotation' } as const;
type Section = keyof typeof SHAPES;

const mapSchema = z.record(z.string(), z.unknown());
const mapOf = (value: unknown): Readonly<Record<string, unknown>> => mapSchema.safeParse(value).data ?? {};

/** The only source that a section can use of a connection; undefined if there are several, or none. */
const onlySource = (connection: unknown, section: Section, types: RegisteredTypes): string | undefined => {
  const { type } = mapOf(connection);
  const known = typeof type === 'string' ? ownOf(types.connections, type) : undefined;
  const [one, ...others] = Object.entries(known?.sources ?? {}).flatMap(([name, shapes]) =>
    shapes[SHAPES[section]] === undefined ? [] : [name],
  );
  return others.length === 0 ? one : undefined;
};

/** A configuration in which omitted sources are filled in, and a problem for each of them. */
export interface Implied {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Fills in the source of each rule that omits it and does not have the shape of the default one. Its other settings are
 * then judged as they were meant, instead of each as an unknown key.
 *
 * @param isValid True if an entry of a section has the right shape as it is.
 */
export const implySources = (
  value: unknown,
  isValid: (section: Section, entry: unknown) => boolean,
  types: RegisteredTypes,
): Implied => {
  const config = mapOf(value);
  const connections = mapOf(config['connections']);
  const implied = (['syncs', 'checkouts', 'rotations'] as const).flatMap((section) =>
    Object.entries(mapOf(config[section])).flatMap(([name, entry]) => {
      const { connection, source } = mapOf(entry);
      if (source !== undefined || typeof connection !== 'string' || isValid(section, entry)) return [];
      const only = onlySource(ownOf(connections, connection), section, types);
      return only === undefined ? [] : [{ section, name, only, entry: { ...mapOf(entry), source: only }, connection }];
    }),
  );
  if (implied.length === 0) return { value, problems: [] };
  const sections = Object.groupBy(implied, ({ section }) => section);
  const filled = Object.entries(sections).map(([section, rules]) => [
    section,
    { ...mapOf(config[section]), ...Object.fromEntries(rules.map(({ name, entry }) => [name, entry])) },
  ]);
  return {
    value: { ...config, ...Object.fromEntries(filled) },
    problems: implied.map(({ section, name, only, connection }) => ({
      path: [section, name, 'source'],
      message: `is missing; add source: ${only}, which connection "${connection}" has`,
    })),
  };
};

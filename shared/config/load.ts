import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type Origin, readCa } from '#shared/config/ca.ts';
import type { Checkable, Entries } from '#shared/config/checkable.ts';
import { checkConfig } from '#shared/config/checks.ts';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { parseShape } from '#shared/config/issues.ts';
import { findDoubts } from '#shared/config/pattern-doubts.ts';
import { type Problem, writePath } from '#shared/config/problem.ts';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionConfig, RelayConfig } from '#shared/config/schema.ts';
import { type Place, readYaml } from '#shared/config/source.ts';
import { RelayError } from '#shared/errors.ts';

const sectionSchema = z.record(z.string(), z.unknown());

/** The entries of one section, each parsed on its own, so that a broken one does not hide what is wrong with the rest. */
const entriesOf = <S extends z.ZodType>(schema: S, section: unknown): Entries<z.output<S>> | undefined => {
  const { data: entries } = sectionSchema.safeParse(section);
  if (entries === undefined) return undefined;
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, schema.safeParse(entry).data]));
};

/** What can still be checked of a configuration whose shape is wrong somewhere. */
const salvage = (value: unknown, { shape }: ReturnType<typeof buildRelaySchema>): Checkable => {
  const { data: { relay, connections, stores, syncs, checkouts } = {} } = z
    .object({
      relay: z.unknown(),
      connections: z.unknown(),
      stores: z.unknown(),
      syncs: z.unknown(),
      checkouts: z.unknown(),
    })
    .partial()
    .safeParse(value);
  return {
    relay: shape.relay.safeParse(relay).data,
    connections: entriesOf(shape.connections.valueType, connections),
    stores: entriesOf(shape.stores.valueType, stores),
    syncs: entriesOf(shape.syncs.unwrap().valueType, syncs),
    checkouts: entriesOf(shape.checkouts.unwrap().valueType, checkouts),
  };
};

interface CaReading {
  readonly pems: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

const readCas = (connections: Entries<ConnectionConfig> = {}, origin: Origin): CaReading => {
  const pems = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, connection] of Object.entries(connections)) {
    if (connection?.ca === undefined) continue;
    const result = readCa(connection.ca, origin);
    if (result.ok) pems.set(name, result.pem);
    else problems.push({ path: ['connections', name, 'ca'], message: result.message });
  }
  return { pems, problems };
};

const withPems = (config: RelayConfig, pems: CaReading['pems']): RelayConfig => ({
  ...config,
  connections: Object.fromEntries(
    Object.entries(config.connections).map(([name, connection]) => {
      const pem = pems.get(name);
      return [name, pem === undefined ? connection : { ...connection, ca: pem }];
    }),
  ),
});

type PlacedMessage = Place & { readonly message: string };

/** In the order of the file, as an editor and a terminal find the place. */
const toLines = (file: string, found: readonly PlacedMessage[]): string[] =>
  found
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ line, column, message }) => `${file}:${line}:${column} ${message}`);

/** Told, line by line, what is right by the letter and may be meant otherwise. */
export type OnWarning = (line: string) => void;

/**
 * Reads the text of a `relay.yaml`: its shape, then what only several fields together can show, then the CA files that
 * it names, whose PEM text takes the place of their paths. Repeatable, and parsing what it gave gives the same again.
 *
 * @throws RelayError `ConfigurationInvalid`, with everything that is wrong in the order of the file, one line each:
 * `relay.yaml:12:5 syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?`
 * @param types What a configuration can use: all that are registered, when left out.
 * @param onWarning Gets lines of the same form for a configuration with which nothing is wrong.
 */
export const parseConfig = (
  text: string,
  origin: Origin,
  types: RegisteredTypes = REGISTERED_TYPES,
  onWarning: OnWarning = () => {},
): RelayConfig => {
  const source = readYaml(text);
  const invalid = (problems: readonly PlacedMessage[]): RelayError =>
    new RelayError('ConfigurationInvalid', toLines(origin.file, problems).join('\n'));
  if (!source.isReadable) throw invalid(source.problems);

  const place = (problem: Problem): PlacedMessage => ({
    ...source.placeOf(problem),
    message: `${writePath(problem.path, 'the whole file')}: ${problem.message}`,
  });
  const schema = buildRelaySchema(types);
  const shape = parseShape(schema, source.value);
  const checkable = shape.data ?? salvage(source.value, schema);
  const cas = readCas(checkable.connections, origin);
  const problems = [
    ...source.problems,
    ...[...shape.problems, ...checkConfig(checkable, types), ...cas.problems].map(place),
  ];
  if (shape.data === undefined || problems.length > 0) throw invalid(problems);
  for (const line of toLines(origin.file, findDoubts(shape.data, types).map(place))) onWarning(line);
  return withPems(shape.data, cas.pems);
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RelayError(
      'ConfigurationInvalid',
      `There is no readable file ${path}. Start from examples/minimal.yaml, or name your file: -c config=<path>.`,
      { cause },
    );
  }
};

/** Reads the configuration at a path, as {@link parseConfig} does. */
export const loadConfig = (path: string, types?: RegisteredTypes, onWarning?: OnWarning): RelayConfig =>
  parseConfig(readText(path), { file: path }, types, onWarning);

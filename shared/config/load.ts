import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type Origin, readCa } from '#shared/config/ca.ts';
import type { Checkable, Entries } from '#shared/config/checkable.ts';
import { checkConfig } from '#shared/config/checks.ts';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { parseShape } from '#shared/config/issues.ts';
import { findWarnings } from '#shared/config/pattern-doubts.ts';
import { type Problem, writePath } from '#shared/config/problem.ts';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionConfig, RelayConfig } from '#shared/config/schema.ts';
import { checkSizes } from '#shared/config/size-checks.ts';
import { type Place, readYaml } from '#shared/config/source.ts';
import { RelayError } from '#shared/errors.ts';

const sectionSchema = z.record(z.string(), z.unknown());

/** Parses each entry of a section on its own, so that an invalid entry does not hide the problems of the others. */
const entriesOf = <S extends z.ZodType>(schema: S, section: unknown): Entries<z.output<S>> | undefined => {
  const { data: entries } = sectionSchema.safeParse(section);
  if (entries === undefined) return undefined;
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, schema.safeParse(entry).data]));
};

/** Extracts the parts of an invalid configuration that can still be checked. */
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

/** A problem or a warning at its position in the file. */
export interface PlacedProblem extends Place {
  /** Path of the field, such as `syncs.fleet.connection`; undefined for a problem of the YAML itself. */
  readonly field: string | undefined;
  /** Problem and fix. */
  readonly message: string;
}

/** Result of an examination: a configuration, or problems. Both lists are in file order. */
export interface Examined {
  /** Undefined if there is a problem. */
  readonly config: RelayConfig | undefined;
  readonly problems: readonly PlacedProblem[];
  /** Settings that are valid but probably a mistake; empty if there is a problem. */
  readonly warnings: readonly PlacedProblem[];
}

const inFileOrder = (found: readonly PlacedProblem[]): PlacedProblem[] =>
  found.toSorted((one, other) => one.line - other.line || one.column - other.column);

/** Formats a problem as `file:line:column`, which editors and terminals can open, and its text. */
const toLine = (file: string, { line, column, field, message }: PlacedProblem): string =>
  `${file}:${line}:${column} ${field === undefined ? message : `${field}: ${message}`}`;

/** Receives one line for each setting that is valid but probably a mistake. */
export type OnWarning = (line: string) => void;

/**
 * Examines the text of a `relay.yaml`: its shape, the relations between its fields, and the CA files it names, whose
 * paths are replaced by their PEM text. Never throws; repeatable.
 *
 * @param types Types that the configuration can use; by default all registered types.
 */
export const examineConfig = (text: string, origin: Origin, types: RegisteredTypes = REGISTERED_TYPES): Examined => {
  const source = readYaml(text);
  const syntax = source.problems.map((problem) => ({ ...problem, field: undefined }));
  const invalid = (problems: readonly PlacedProblem[]): Examined => ({
    config: undefined,
    problems: inFileOrder(problems),
    warnings: [],
  });
  if (!source.isReadable) return invalid(syntax);

  const place = (problem: Problem): PlacedProblem => ({
    ...source.placeOf(problem),
    field: writePath(problem.path, 'the whole file'),
    message: problem.message,
  });
  const schema = buildRelaySchema(types);
  const shape = parseShape(schema, source.value);
  const checkable = shape.data ?? salvage(source.value, schema);
  const cas = readCas(checkable.connections, origin);
  const problems = [...syntax, ...[...shape.problems, ...checkConfig(checkable, types), ...cas.problems].map(place)];
  if (shape.data === undefined || problems.length > 0) return invalid(problems);
  const sizes = checkSizes(shape.data, types).map(place);
  if (sizes.length > 0) return invalid(sizes);
  return {
    config: withPems(shape.data, cas.pems),
    problems: [],
    warnings: inFileOrder(findWarnings(shape.data, types).map(place)),
  };
};

/**
 * Parses the text of a `relay.yaml` with {@link examineConfig}. Repeatable and idempotent: its result parses to itself.
 *
 * @throws RelayError `ConfigurationInvalid` with all problems in file order, one line each: `relay.yaml:12:5
 * syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?`
 * @param onWarning Receives lines of the same form for a valid configuration.
 */
export const parseConfig = (
  text: string,
  origin: Origin,
  types?: RegisteredTypes,
  onWarning: OnWarning = () => {},
): RelayConfig => {
  const { config, problems, warnings } = examineConfig(text, origin, types);
  if (config === undefined) {
    const lines = problems.map((problem) => toLine(origin.file, problem));
    throw new RelayError('ConfigurationInvalid', lines.join('\n'));
  }
  for (const warning of warnings) onWarning(toLine(origin.file, warning));
  return config;
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The file ${path} cannot be read. Start from examples/minimal.yaml, or name your file: -c config=<path>.`,
      { cause },
    );
  }
};

/** Reads the file at a path and parses it with {@link parseConfig}. */
export const loadConfig = (path: string, types?: RegisteredTypes, onWarning?: OnWarning): RelayConfig =>
  parseConfig(readText(path), { file: path }, types, onWarning);

import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { type Origin, readCa } from '#shared/config/ca.ts';
import type { Checkable, Entries } from '#shared/config/checkable.ts';
import { checkConfig } from '#shared/config/checks.ts';
import { decodeText } from '#shared/config/decode-text.ts';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { implySources } from '#shared/config/implied-sources.ts';
import { parseShape } from '#shared/config/issues.ts';
import { findWarnings } from '#shared/config/pattern-doubts.ts';
import { MAX_PROBLEMS, type Problem, writePath } from '#shared/config/problem.ts';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { checkSizes } from '#shared/config/size-checks.ts';
import { type Place, readYaml } from '#shared/config/source.ts';
import { findMissingAlarms } from '#shared/config/timing-checks.ts';
import { checkScalars } from '#shared/config/value-scalars.ts';
import { findWebhookDoubts } from '#shared/config/webhook-doubts.ts';
import { shorten, showText } from '#shared/domain/text.ts';
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
  const {
    data: {
      relay,
      connections,
      stores,
      syncs,
      checkouts,
      rotations,
      oldCheckouts,
      exports,
      provisioning,
      directories,
      webhooks,
      ticketSystems,
      webhookDomain,
    } = {},
  } = z
    .object({
      relay: z.unknown(),
      connections: z.unknown(),
      stores: z.unknown(),
      syncs: z.unknown(),
      checkouts: z.unknown(),
      rotations: z.unknown(),
      oldCheckouts: z.unknown(),
      exports: z.unknown(),
      provisioning: z.unknown(),
      directories: z.unknown(),
      webhooks: z.unknown(),
      ticketSystems: z.unknown(),
      webhookDomain: z.unknown(),
    })
    .partial()
    .safeParse(value);
  const domain = shape.webhookDomain.safeParse(webhookDomain);
  return {
    relay: shape.relay.safeParse(relay).data,
    connections: entriesOf(shape.connections.valueType, connections),
    stores: entriesOf(shape.stores.unwrap().valueType, stores),
    syncs: entriesOf(shape.syncs.unwrap().valueType, syncs),
    checkouts: entriesOf(shape.checkouts.unwrap().valueType, checkouts),
    rotations: entriesOf(shape.rotations.unwrap().valueType, rotations),
    oldCheckouts: entriesOf(shape.oldCheckouts.unwrap().valueType, oldCheckouts),
    exports: entriesOf(shape.exports.unwrap().valueType, exports),
    provisioning: entriesOf(shape.provisioning.unwrap().valueType, provisioning),
    directories: entriesOf(shape.directories.unwrap().valueType, directories),
    webhooks: entriesOf(shape.webhooks.unwrap().valueType, webhooks),
    ticketSystems: entriesOf(shape.ticketSystems.unwrap().valueType, ticketSystems),
    webhookDomain: domain.success ? domain.data : 'invalid',
  };
};

const isEntry = (
  { shape }: ReturnType<typeof buildRelaySchema>,
  section: 'syncs' | 'checkouts' | 'rotations',
  entry: unknown,
): boolean => shape[section].unwrap().valueType.safeParse(entry).success;

/** Sections whose entries can name a CA. */
const TRUSTING = ['connections', 'stores', 'ticketSystems'] as const;
type Trusting = (typeof TRUSTING)[number];

interface CaReading {
  /** PEM texts by the names of the entries. */
  readonly pems: Readonly<Record<Trusting, ReadonlyMap<string, string>>>;
  readonly problems: readonly Problem[];
}

interface WithCa {
  readonly ca?: string | undefined;
}

const readCas = (config: Pick<Checkable, Trusting>, origin: Origin): CaReading => {
  const pems = {
    connections: new Map<string, string>(),
    stores: new Map<string, string>(),
    ticketSystems: new Map<string, string>(),
  };
  const problems: Problem[] = [];
  for (const section of TRUSTING) {
    for (const [name, entry] of Object.entries<WithCa | undefined>(config[section] ?? {})) {
      if (entry?.ca === undefined) continue;
      const result = readCa(entry.ca, origin);
      if (result.ok) pems[section].set(name, result.pem);
      else problems.push({ path: [section, name, 'ca'], message: result.message });
    }
  }
  return { pems, problems };
};

const withPem = <Entry extends WithCa>(
  entries: Readonly<Record<string, Entry>>,
  pems: ReadonlyMap<string, string>,
): Record<string, Entry> =>
  Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => {
      const ca = pems.get(name);
      return [name, ca === undefined ? entry : { ...entry, ca }];
    }),
  );

const withPems = (config: RelayConfig, { connections, stores, ticketSystems }: CaReading['pems']): RelayConfig => ({
  ...config,
  connections: withPem(config.connections, connections),
  stores: withPem(config.stores, stores),
  ticketSystems: withPem(config.ticketSystems, ticketSystems),
});

/** A problem or a warning at its position in the file. */
export interface PlacedProblem extends Place {
  /** Path of the field, such as `syncs.fleet.connection`, or `the whole file`. */
  readonly field: string;
  /** Problem and fix, in one line. */
  readonly message: string;
}

/** Result of an examination: a configuration, or problems. Both lists are in file order and have an end. */
export interface Examined {
  /** Undefined if there is a problem. */
  readonly config: RelayConfig | undefined;
  readonly problems: readonly PlacedProblem[];
  /** Settings that are valid but probably a mistake; empty if there is a problem. */
  readonly warnings: readonly PlacedProblem[];
}

type Placed = Place & Pick<Problem, 'path' | 'message'>;

const WHOLE_FILE = 'the whole file';

/** A longer message contains a value of any length. */
const MAX_MESSAGE_LENGTH = 1000;

const present = ({ line, column, path, message }: Placed): PlacedProblem => ({
  line,
  column,
  field: showText(shorten(writePath(path, WHOLE_FILE), MAX_MESSAGE_LENGTH)),
  message: showText(shorten(message, MAX_MESSAGE_LENGTH)),
});

/** The first ones of many problems, in file order. */
const presentAll = (found: readonly Placed[]): PlacedProblem[] => {
  const sorted = found.toSorted((one, other) => one.line - other.line || one.column - other.column);
  const [next] = sorted.slice(MAX_PROBLEMS);
  const more = next && { ...next, path: [], message: 'more problems follow from here on; correct those above first' };
  return [...sorted.slice(0, MAX_PROBLEMS), ...(more === undefined ? [] : [more])].map(present);
};

/** Formats a problem as `file:line:column`, which editors and terminals can open, and its text. Always one line. */
const toLine = (file: string, { line, column, field, message }: PlacedProblem): string =>
  `${showText(file)}:${line}:${column} ${field}: ${message}`;

/** 2,000 syncs take half of it. A larger file takes seconds to check. */
const MAX_FILE_LENGTH = 1_000_000;
const TOO_LONG = `has more than ${MAX_FILE_LENGTH.toLocaleString('en')} characters; move certificates into files of their own, such as ca: ca.pem, or split the relay into two`;

const invalid = (problems: readonly Placed[]): Examined => ({
  config: undefined,
  problems: presentAll(problems),
  warnings: [],
});

/**
 * Examines the text of a `relay.yaml`: its shape, the relations between its fields, and the CA files it names, whose
 * paths are replaced by their PEM text. Never throws; repeatable.
 *
 * @param types Types that the configuration can use; by default all registered types.
 */
const examineConfig = (text: string, origin: Origin, types: RegisteredTypes = REGISTERED_TYPES): Examined => {
  if (text.length > MAX_FILE_LENGTH) return invalid([{ line: 1, column: 1, path: [], message: TOO_LONG }]);
  const source = readYaml(text);
  if (!source.isReadable) return invalid(source.problems);

  const place = (problem: Problem): Placed => ({ ...problem, ...source.placeOf(problem) });
  const schema = buildRelaySchema(types);
  const whole = parseShape(schema, source.value);
  const implied =
    whole.data === undefined
      ? implySources(source.value, (section, entry) => isEntry(schema, section, entry), types)
      : { value: source.value, problems: [] };
  const shape = implied.problems.length === 0 ? whole : parseShape(schema, implied.value);
  const checkable = shape.data ?? salvage(implied.value, schema);
  const cas = readCas(checkable, origin);
  const problems = [
    ...source.problems,
    ...[
      ...implied.problems,
      ...shape.problems,
      ...checkConfig(checkable, types),
      ...checkScalars(checkable, source.textOf),
      ...cas.problems,
    ].map(place),
  ];
  if (shape.data === undefined || problems.length > 0) return invalid(problems);
  const sizes = checkSizes(shape.data, types).map(place);
  if (sizes.length > 0) return invalid(sizes);
  return {
    config: withPems(shape.data, cas.pems),
    problems: [],
    warnings: presentAll(
      [...findWarnings(shape.data, types), ...findMissingAlarms(shape.data), ...findWebhookDoubts(shape.data)].map(
        place,
      ),
    ),
  };
};

/** Receives one line for each setting that is valid but probably a mistake. */
export type OnWarning = (line: string) => void;

const configIn = ({ config, problems, warnings }: Examined, file: string, onWarning: OnWarning): RelayConfig => {
  if (config === undefined) {
    throw new RelayError('ConfigurationInvalid', problems.map((problem) => toLine(file, problem)).join('\n'));
  }
  for (const warning of warnings) onWarning(toLine(file, warning));
  return config;
};

/**
 * Parses the text of a `relay.yaml`. Repeatable and idempotent: its result parses to itself.
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
): RelayConfig => configIn(examineConfig(text, origin, types), origin.file, onWarning);

const readBytes = (path: string): Uint8Array => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The file ${path} cannot be read. Start from examples/minimal.yaml, or name your file: -c config=<path>.`,
      { cause },
    );
  }
};

/** Examines the file at a path. Text that is not UTF-8 is a problem. Raises `ConfigurationInvalid` without the file. */
export const examineFile = (path: string, types?: RegisteredTypes): Examined => {
  // A character has at most four bytes.
  const isTooLong = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 4 * MAX_FILE_LENGTH;
  if (isTooLong) return invalid([{ line: 1, column: 1, path: [], message: TOO_LONG }]);
  const decoded = decodeText(readBytes(path));
  return decoded.ok ? examineConfig(decoded.text, { file: path }, types) : invalid([{ ...decoded, path: [] }]);
};

/** Reads the file at a path and parses it with {@link parseConfig}. Also refuses text that is not UTF-8. */
export const loadConfig = (path: string, types?: RegisteredTypes, onWarning: OnWarning = () => {}): RelayConfig =>
  configIn(examineFile(path, types), path, onWarning);

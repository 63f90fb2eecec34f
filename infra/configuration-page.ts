import * as z from 'zod';
import { codeCell, escapeCell, placeSection, writeTable } from '#infra/markdown.ts';

/** The tables of `docs/configuration.md`, generated from the published JSON schema of relay.yaml. */

const typeSchema = z.union([z.string(), z.array(z.string()).transform((types) => types.join(' or '))]);

const nodeSchema = z.object({
  type: typeSchema.optional(),
  description: z.string().optional(),
  default: z.json().optional(),
  const: z.json().optional(),
  enum: z.array(z.json()).optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), nodeSchema).optional();
  },
  get items() {
    return nodeSchema.optional();
  },
  get oneOf() {
    return z.array(nodeSchema).optional();
  },
  get anyOf() {
    return z.array(nodeSchema).optional();
  },
  /** The schema of entries with names chosen by operators, or false. */
  get additionalProperties() {
    return z.union([z.boolean(), nodeSchema]).optional();
  },
});
type Node = z.output<typeof nodeSchema>;

/** Values of another setting that a setting requires, such as `type: oauth`. */
interface Condition {
  readonly setting: string;
  readonly values: readonly string[];
  /** Number of possible values of the other setting. */
  readonly of: number;
}

interface Setting {
  readonly path: string;
  readonly conditions: readonly Condition[];
  readonly values: string;
  readonly isRequired: boolean;
  readonly fallback: string;
  readonly description: string;
}

const COLUMNS = ['setting', 'values', 'required', 'default', 'description'] as const;

/** Returns the page with the tables of this schema. */
export const placeSettings = (page: string, schema: unknown): string =>
  placeSection(page, { name: 'settings', command: 'npm run schema', text: writeSettings(schema) });

/** One table of settings for each section of relay.yaml. */
const writeSettings = (schema: unknown): string => {
  const root = nodeSchema.parse(schema);
  const sections = Object.entries(root.properties ?? {});
  const whole = sections.map(([name, node]) => settingOf(name, node, root.required.includes(name), []));
  return [
    `### The whole file\n\n${tableOf(whole)}`,
    ...sections.flatMap(([name, node]) => {
      const entry = entryOf(node);
      const settings = merge(settingsBelow(entry ?? node, '', []));
      const title = entry === undefined ? name : `${name}.<name>`;
      return settings.length === 0 ? [] : [`### ${codeCell(title)}\n\n${tableOf(settings)}`];
    }),
  ].join('\n\n');
};

/** The schema of the entries of a section whose keys are chosen by the operator. */
const entryOf = ({ additionalProperties, properties }: Node): Node | undefined =>
  typeof additionalProperties === 'object' && properties === undefined ? additionalProperties : undefined;

/** All settings below a node, in the order of the schema. */
const settingsBelow = (node: Node, prefix: string, conditions: readonly Condition[]): Setting[] => {
  if (node.oneOf !== undefined) return settingsOfUnion(node.oneOf, prefix, conditions);
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix + key;
    const { inner, suffix } = innerOf(child);
    return [
      settingOf(path, child, node.required.includes(key), conditions),
      ...settingsBelow(inner, `${path}${suffix}.`, conditions),
    ];
  });
};

/** The schema of the elements of a list or of the entries of a map, or the node itself. */
const innerOf = (node: Node): { readonly inner: Node; readonly suffix: string } => {
  if (node.items?.properties !== undefined) return { inner: node.items, suffix: '[]' };
  const entry = entryOf(node);
  const hasSettings = entry?.properties !== undefined || entry?.oneOf !== undefined;
  return entry !== undefined && hasSettings ? { inner: entry, suffix: '.<name>' } : { inner: node, suffix: '' };
};

/** The discriminator of a union, then the settings of each of its shapes. */
const settingsOfUnion = (shapes: readonly Node[], prefix: string, conditions: readonly Condition[]): Setting[] => {
  const key = discriminatorOf(shapes);
  const choices = shapes.map((shape) => shape.properties?.[key] ?? nodeSchema.parse({}));
  const setting = prefix + key;
  return [
    {
      path: setting,
      conditions,
      values: choices.map(valuesOf).join(', '),
      isRequired: shapes.every(({ required }) => required.includes(key)),
      fallback: choices.map(fallbackOf).join(''),
      description:
        choices.length === 1
          ? choices.map(descriptionOf).join('')
          : choices.map((choice) => `${valuesOf(choice)}: ${descriptionOf(choice)}`).join(' '),
    },
    ...shapes.flatMap((shape) => {
      const { [key]: choice, ...properties } = shape.properties ?? {};
      const condition = { setting, values: [String(choice?.const)], of: shapes.length };
      const below = shapes.length === 1 ? conditions : [...conditions, condition];
      return settingsBelow({ ...shape, properties }, prefix, below);
    }),
  ];
};

/** Returns the key with a constant value in every shape. Throws if there is none. */
const discriminatorOf = ([first, ...others]: readonly Node[]): string => {
  const key = Object.keys(first?.properties ?? {}).find((name) =>
    [first, ...others].every((shape) => shape?.properties?.[name]?.const !== undefined),
  );
  if (key === undefined) throw new Error('The schema has a union without a discriminator.');
  return key;
};

const settingOf = (path: string, node: Node, isRequired: boolean, conditions: readonly Condition[]): Setting => ({
  path,
  conditions,
  values: valuesOf(node),
  isRequired,
  fallback: fallbackOf(node),
  description: descriptionOf(node),
});

/** Merges identical settings of several shapes of a union into one row. */
const merge = (settings: readonly Setting[]): Setting[] =>
  [...new Set(settings.flatMap(({ conditions }) => conditions.map(({ setting }) => setting)))]
    .reduce(mergeBy, settings)
    .map((setting) => ({ ...setting, conditions: setting.conditions.filter(({ values, of }) => values.length < of) }));

/** Merges settings that differ only in the value of one discriminator. */
const mergeBy = (settings: readonly Setting[], discriminator: string): Setting[] => {
  const isBy = ({ setting }: Condition): boolean => setting === discriminator;
  const alike = Map.groupBy(settings, ({ conditions, ...setting }) =>
    JSON.stringify([setting, conditions.map((condition) => (isBy(condition) ? discriminator : condition))]),
  );
  return [...alike.values()].flatMap((same) => {
    const values = same.flatMap(({ conditions }) => conditions.filter(isBy).flatMap((condition) => condition.values));
    return same.slice(0, 1).map((setting) => ({
      ...setting,
      conditions: setting.conditions.map((condition) => (isBy(condition) ? { ...condition, values } : condition)),
    }));
  });
};

const tableOf = (settings: readonly Setting[]): string => {
  const hasConditions = settings.some(({ conditions }) => conditions.length > 0);
  const [first, ...others] = COLUMNS;
  return writeTable([
    [first, ...(hasConditions ? ['only with'] : []), ...others],
    ...settings.map(({ path, conditions, values, isRequired, fallback, description }) => [
      codeCell(path),
      ...(hasConditions ? [conditions.map(conditionInWords).join(', ')] : []),
      values,
      isRequired ? 'yes' : '',
      fallback,
      description,
    ]),
  ]);
};

const conditionInWords = ({ setting, values }: Condition): string =>
  `${codeCell(setting)}: ${values.map(codeCell).join(' or ')}`;

const descriptionOf = ({ description = '' }: Node): string => escapeCell(description);

const fallbackOf = (node: Node): string => {
  const { default: fallback } = node;
  if (fallback === undefined || entryOf(node)?.oneOf !== undefined) return '';
  return JSON.stringify(fallback) === '{}' ? 'those below' : inYaml(fallback);
};

/** Formats a value for YAML, which reads digits without quotes as a number. */
const inYaml = (value: z.core.util.JSONType): string =>
  codeCell(typeof value === 'string' && !/^[\d.]+$/.test(value) ? value : JSON.stringify(value));

/** A longer pattern is harder to read than the description beside it. */
const MAX_PATTERN = 60;

const FORMATS: Readonly<Record<string, string>> = {
  uri: 'https address',
  email: 'e-mail address',
  cidrv4: 'IPv4 range',
};

const valuesOf = (node: Node): string => {
  const { type, const: only, enum: choices, anyOf, oneOf, items, format, pattern } = node;
  if (only !== undefined) return inYaml(only);
  if (choices !== undefined) return choices.map(inYaml).join(', ');
  if (anyOf !== undefined) return anyOf.map(valuesOf).join(', or ');
  if (type === undefined && oneOf === undefined) return 'any value';
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'integer') return rangeOf(node);
  if (type === 'array') return items?.properties === undefined ? `list of: ${valuesOf(items ?? node)}` : 'list of maps';
  if (type !== 'string') return mapInWords(entryOf(node));
  if (format !== undefined) return FORMATS[format] ?? format;
  return pattern === undefined || pattern.length > MAX_PATTERN ? 'text' : codeCell(pattern);
};

const mapInWords = (entry: Node | undefined): string => {
  if (entry === undefined) return 'map';
  return entry.oneOf === undefined ? `map of: ${valuesOf(entry)}` : 'entries by name';
};

const rangeOf = ({ minimum, maximum }: Node): string => {
  const [from, to] = [minimum, maximum].map((bound) => bound?.toLocaleString('en-US'));
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? `${from} or more` : `${from} to ${to}`;
};

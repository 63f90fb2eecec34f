import { ownOf } from '#shared/config/checkable.ts';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import type { CheckoutConfig, RelayConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import { type Labels, textOf } from '#shared/domain/item.ts';
import { type Reading, type ReadPart, readName } from '#shared/domain/name-reading.ts';
import { createNaming, type NameRules } from '#shared/domain/naming.ts';
import { matchesGlobs } from '#shared/domain/selection.ts';
import { CHECKOUT_PLACEHOLDER } from '#shared/domain/template.ts';
import { showText } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';
import { readConfiguration } from './configuration.ts';
import { inColumns, type Output } from './output.ts';

export interface ExplainOptions {
  /** Labels of an item, each as `LABEL=TEXT`. */
  readonly item?: readonly string[] | undefined;
  readonly file: string;
  readonly json: boolean;
}

/** One rule of relay.yaml and the name of a secret in its store. */
interface Explanation {
  readonly rule: string;
  readonly workflow: 'sync' | 'checkout';
  readonly store: string;
  readonly template: string;
  /** Name of the secret of an item with these labels. */
  readonly secret: string;
  readonly labels: Labels;
  /** Encoded parts of the name; absent if the store type cannot read names. */
  readonly parts?: readonly ReadPart[];
  /** Explanations of everything in the name that is not simply a label. */
  readonly notes: readonly string[];
  /** Labels whose patterns exclude the item. */
  readonly excludedBy: readonly string[];
}

interface Rule {
  readonly rule: string;
  readonly workflow: Explanation['workflow'];
  readonly store: string;
  readonly template: string;
  readonly names: NameRules;
  readonly source: SourceRules;
}

const rulesIn = (config: RelayConfig, types: RegisteredTypes): Rule[] => {
  const toRule =
    (workflow: Rule['workflow']) =>
    ([rule, settings]: [string, SyncConfig | CheckoutConfig]): Rule[] => {
      const { connection, stores, name: template } = settings;
      const connectionType = ownOf(types.connections, ownOf(config.connections, connection)?.type ?? '');
      const source = ownOf(connectionType?.sources, settings.source)?.rules(settings);
      return stores.flatMap((store): Rule[] => {
        const names = ownOf(types.stores, ownOf(config.stores, store)?.type ?? '')?.rules.name;
        return source === undefined || names === undefined ? [] : [{ rule, workflow, store, template, names, source }];
      });
    };
  return [
    ...Object.entries(config.syncs).flatMap(toRule('sync')),
    ...Object.entries(config.checkouts).flatMap(toRule('checkout')),
  ];
};

/** Finds every rule and item whose secret has this name, or would have it without the encoding. Pure. */
const explainName = (config: RelayConfig, name: string, types = REGISTERED_TYPES): Explanation[] =>
  rulesIn(config, types).flatMap((rule) =>
    readName({ template: rule.template, labels: rule.source.labels, rules: rule.names }, name).map((reading) =>
      toExplanation(rule, reading.labels, reading, name),
    ),
  );

/** Names the secret of an item in every rule whose template its labels can fill. Pure. */
const explainItem = (config: RelayConfig, labels: Labels, types = REGISTERED_TYPES): Explanation[] =>
  rulesIn(config, types).flatMap((rule) => {
    const known = [...Object.keys(rule.source.labels), CHECKOUT_PLACEHOLDER];
    if (!Object.keys(labels).every((label) => known.includes(label))) return [];
    const { template, names, source } = rule;
    const checkoutId = textOf(labels, CHECKOUT_PLACEHOLDER);
    const secret = createNaming({ template, labels: source.labels, rules: names, checkoutId })({
      title: 'this item',
      labels,
    });
    const [reading] = readName({ template, labels: source.labels, rules: names }, secret);
    return [toExplanation(rule, labels, reading, secret)];
  });

const toExplanation = (rule: Rule, labels: Labels, reading: Reading | undefined, asked: string): Explanation => {
  const { names: _names, source, ...about } = rule;
  const secret = reading?.name ?? asked;
  const excludedBy = Object.entries(source.patterns)
    .filter(([label, globs]) => Object.hasOwn(labels, label) && !matchesGlobs(textOf(labels, label), globs))
    .map(([label]) => label);
  return {
    ...about,
    secret,
    labels,
    ...(reading !== undefined && { parts: reading.parts }),
    notes: [
      ...(secret === asked ? [] : [`No secret is called ${asked}. The secret of this item is called ${secret}.`]),
      ...(reading?.finishReason === undefined ? [] : [reading.finishReason]),
      ...(reading?.parts ?? [])
        .filter(({ text, encoded }) => text !== encoded)
        .map(({ label, text, encoded }) =>
          text === ''
            ? `${label} is empty, which a name shows as ${encoded}.`
            : `${label} is ${JSON.stringify(text)}, which a name shows as ${encoded}.`,
        ),
    ],
    excludedBy,
  };
};

const LABEL = /^([A-Za-z]+)=(.*)$/s;

/** Parses labels such as `systemName=db-01`. Raises `ConfigurationInvalid`. */
const parseLabels = (texts: readonly string[]): Labels =>
  Object.fromEntries(
    texts.map((text) => {
      const [, label, value] = LABEL.exec(text) ?? [];
      if (label !== undefined && value !== undefined) return [label, value];
      throw new RelayError(
        'ConfigurationInvalid',
        `--item has a text without a label. Write LABEL=TEXT, for example: --item systemName=db-01 accountName=sa`,
      );
    }),
  );

/** `pam-relay explain`: prints the rules and items of a name, or the names of an item. Returns 1 if there are none. */
export const explain = (name: string | undefined, { item, file, json }: ExplainOptions, output: Output): number => {
  if ((name === undefined) === (item === undefined)) {
    throw new RelayError(
      'ConfigurationInvalid',
      'Give either the NAME of a secret or an item, for example: npx pam-relay explain --item systemName=db-01 accountName=sa',
    );
  }
  const config = readConfiguration(file);
  const found = name === undefined ? explainItem(config, parseLabels(item ?? [])) : explainName(config, name);
  if (json) output.out(JSON.stringify({ file, explanations: found }, null, 2));
  else if (found.length > 0) for (const line of showExplanations(found, output.paint)) output.out(line);
  else output.out(noneFor(name, config, file));
  return found.length === 0 ? 1 : 0;
};

const noneFor = (name: string | undefined, { syncs, checkouts }: RelayConfig, file: string): string => {
  const templates = Object.values({ ...syncs, ...checkouts }).map((rule) => rule.name);
  if (templates.length === 0) return `${file} has no sync and no checkout, so the relay delivers no secrets.`;
  return name === undefined
    ? `No rule of ${file} has all of these labels. See "Placeholders" in docs/names-and-templates.md.`
    : `No rule of ${file} delivers a secret called ${showText(name)}. The templates are ${templates.join(', ')}.`;
};

/** Lines of some explanations. Pure. */
const showExplanations = (found: readonly Explanation[], paint: Output['paint']): string[] =>
  found.flatMap(({ rule, workflow, store, template, secret, labels, notes, excludedBy }, index) => [
    ...(index === 0 ? [] : ['']),
    paint('strong', showText(secret)),
    ...inColumns([
      ['  Rule', `${workflow} ${rule}, store ${store}`],
      ['  Template', template],
      ...Object.entries(labels).map(([label, text]) => [`  ${label}`, text === '' ? '(empty)' : text]),
    ]),
    ...notes.map((note) => `  ${showText(note)}`),
    ...excludedBy.map((label) =>
      paint('waiting', `  The rule does not select it: the patterns for ${label} exclude it.`),
    ),
  ]);

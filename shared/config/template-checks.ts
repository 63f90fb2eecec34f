import {
  type Checkable,
  type DeliveringRule,
  deliveries,
  findSource,
  ownOf,
  RULE_WORDS,
} from '#shared/config/checkable.ts';
import { readAsMap } from '#shared/config/json-lookalike.ts';
import { nearestTo, type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { findHazards } from '#shared/config/value-checks.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import { FILTER_NAMES, isFilterName } from '#shared/domain/filters.ts';
import type { NameNeed, NameRules } from '#shared/domain/naming.ts';
import {
  CHECKOUT_PLACEHOLDER,
  isWholeSegment,
  parseTemplate,
  SECRET_PLACEHOLDERS,
  staticPrefix,
  type TemplatePart,
  writePlaceholder,
} from '#shared/domain/template.ts';
import { leavesOf, type ValueTemplate } from '#shared/domain/value-template.ts';

/** Checks of the templates of syncs and checkouts. Pure. */

/** Facts that the templates of one rule are checked against. */
interface Context {
  readonly rules: SourceRules;
  /** Such as `sync of accounts`. */
  readonly what: string;
  readonly isCheckout: boolean;
  /** Rules of the stores that can be checked, each once. */
  readonly nameRules: readonly NameRules[];
  /** Placeholders of all rules. */
  readonly known: ReadonlySet<string>;
}

/** A checkout retires the secrets it delivered. No other checkout can depend on them. */
const CHECKOUT_NEED: NameNeed = {
  oneOf: [CHECKOUT_PLACEHOLDER],
  otherwise: `gives two checkouts of an item the same name; add {${CHECKOUT_PLACEHOLDER}}`,
};

const placeholdersOfName = ({ rules: { labels }, isCheckout }: Context): string[] => [
  ...(isCheckout ? [CHECKOUT_PLACEHOLDER] : []),
  ...Object.keys(labels).filter((label) => labels[label]?.ofTurn !== true && labels[label]?.ofRead !== true),
];

const placeholdersOfValue = ({ rules, isCheckout }: Context): string[] => [
  ...SECRET_PLACEHOLDERS.filter((secret) => secret !== 'passphrase' || rules.hasPassphrase),
  ...(isCheckout ? [CHECKOUT_PLACEHOLDER] : []),
  ...Object.keys(rules.labels),
];

const placeholdersIn = (parts: readonly TemplatePart[]): string[] => [
  ...new Set(parts.flatMap((part) => ('placeholder' in part ? part.placeholder : []))),
];

const checkFilter = (found: TemplatePart): string[] => {
  if (!('placeholder' in found) || found.filter === undefined || isFilterName(found.filter)) return [];
  const nearest = nearestTo(found.filter, FILTER_NAMES) ?? 'url';
  const fix = writePlaceholder({ ...found, filter: nearest });
  return [
    `there is no filter ${JSON.stringify(found.filter)}; write for example ${fix}. The filters are ${FILTER_NAMES.join(', ')}`,
  ];
};

/** Parses a template. `messages` has its problems if no rule could use it. */
const read = (template: string, usable: readonly string[], known: Context['known']) => {
  const parsed = parseTemplate(template);
  const messages = parsed.ok
    ? [
        ...placeholdersIn(parsed.parts)
          .filter((placeholder) => !known.has(placeholder))
          .map((found) => `there is no placeholder ${JSON.stringify(`{${found}}`)}; ${suggest(found, usable)}`),
        ...parsed.parts.flatMap(checkFilter),
      ]
    : parsed.problems.map(
        ({ found, at }) => `the "${found}" at character ${at + 1} is unmatched; double it to use it as text`,
      );
  return { parts: parsed.ok && messages.length === 0 ? parsed.parts : undefined, messages };
};

/** A rule's permissions are derived from the folder that all of its names share, so the folder must exist. */
const checkFolder = (name: string): string[] =>
  /^\/?[^/]+\//.test(staticPrefix(name))
    ? []
    : ['does not begin with a folder; put text and a slash before the first placeholder, such as prod/'];

const checkNeeds = (used: readonly string[], { rules, isCheckout }: Context): string[] =>
  [...rules.needs, ...(isCheckout ? [CHECKOUT_NEED] : [])].flatMap(({ oneOf, otherwise }) =>
    oneOf.some((placeholder) => used.includes(placeholder)) ? [] : [otherwise],
  );

/**
 * The plan of a run detects items that share a name. No plan can detect this for two checkouts, because each is planned
 * without the other.
 */
const checkCheckoutId = (name: string, used: readonly string[], { rules, isCheckout }: Context): string[] => {
  if (!isCheckout || !used.includes(CHECKOUT_PLACEHOLDER)) return [];
  const paths = Object.keys(rules.labels).filter((label) => rules.labels[label]?.path === true);
  return isWholeSegment(name, [CHECKOUT_PLACEHOLDER], paths)
    ? []
    : [
        `lets two checkouts share a name, because {${CHECKOUT_PLACEHOLDER}} is not a whole path segment; put it between two slashes, such as checkouts/{${CHECKOUT_PLACEHOLDER}}/`,
      ];
};

/** Reason why this rule cannot use an existing placeholder. */
const reasonAgainst = (placeholder: string, what: string): string => {
  if (placeholder === CHECKOUT_PLACEHOLDER) return 'which only a checkout has';
  return placeholder === 'passphrase' ? 'which only a key has' : `which a ${what} does not have`;
};

/** A secret whose name changed with each turn would be left behind, and its readers with it. */
const checkLabels = (used: readonly string[], { rules: { labels } }: Context): string[] =>
  used.flatMap((placeholder) => {
    const { ofTurn, ofRead } = ownOf(labels, placeholder) ?? {};
    if (ofTurn === true)
      return `contains {${placeholder}}, which changes with each turn; remove it, or use it in value`;
    return ofRead === true
      ? `contains {${placeholder}}, which comes with the credential; remove it, or use it in value`
      : [];
  });

const checkPlaceholders = (used: readonly string[], context: Context): string[] => {
  const usable = placeholdersOfValue(context);
  return used
    .filter((placeholder) => !usable.includes(placeholder))
    .map((placeholder) => `contains {${placeholder}}, ${reasonAgainst(placeholder, context.what)}; remove it`);
};

const checkNoCredential = (used: readonly string[]): string[] =>
  SECRET_PLACEHOLDERS.filter((secret) => used.includes(secret)).map(
    (secret) => `must not contain {${secret}}, because names are listed and logged; use it only in value`,
  );

/** Placeholders that are written as in a shell, with a dollar sign before the brace. */
const shellPlaceholders = (parts: readonly TemplatePart[]): string[] =>
  parts.flatMap((part, index) => {
    const before = parts[index - 1];
    if (!('placeholder' in part) || before === undefined || !('text' in before) || !before.text.endsWith('$'))
      return [];
    return [`a placeholder has no dollar sign; write {${part.placeholder}} instead of \${${part.placeholder}}`];
  });

const checkNoFilter = (parts: readonly TemplatePart[]): string[] =>
  parts.flatMap((part) =>
    'placeholder' in part && part.filter !== undefined
      ? [`contains ${writePlaceholder(part)}, but the store's encoding applies to names; write {${part.placeholder}}`]
      : [],
  );

const checkCharacters = (parts: readonly TemplatePart[], nameRules: readonly NameRules[]): string[] => {
  const shell = shellPlaceholders(parts);
  if (shell.length > 0) return shell;
  return nameRules.flatMap((rules) => [...checkCharactersFor(parts, rules), ...checkLength(parts, rules)]);
};

/** Problem of the shortest name that a template can make. Any other name has it as well. */
const checkLength = (parts: readonly TemplatePart[], { store, maxLength, finish, badName }: NameRules): string[] => {
  const shortest = parts.map((part) => ('text' in part ? part.text : 'x')).join('');
  const name = finish?.(shortest) ?? shortest;
  if (name.length > maxLength) {
    return [`makes names of at least ${name.length} characters, and ${store} allows ${maxLength}; use a shorter text`];
  }
  const problem = badName?.(name);
  return problem === undefined ? [] : [`makes names, each of which ${problem}`];
};

const checkCharactersFor = (
  parts: readonly TemplatePart[],
  { allowed, badBeginning, badEnding, store }: NameRules,
): string[] => {
  const texts = parts.flatMap((part) => ('text' in part ? part.text : []));
  const refused = [...new Set(texts.join(''))].filter((character) => !allowed.test(character));
  const [first] = parts;
  const beginning = first !== undefined && 'text' in first ? badBeginning?.(first.text) : undefined;
  const last = parts.at(-1);
  const ending = last !== undefined && 'text' in last ? badEnding?.(last.text) : undefined;
  return [
    ...(refused.length === 0
      ? []
      : [
          `contains ${refused.map((each) => JSON.stringify(each)).join(', ')}, which ${store} does not allow; use ${allowed.words} only`,
        ]),
    ...[beginning, ending].filter((problem) => problem !== undefined),
  ];
};

const checkName = (name: string, context: Context): string[] => {
  const { parts, messages } = read(name, placeholdersOfName(context), context.known);
  if (parts === undefined) return messages;
  const used = placeholdersIn(parts);
  return [
    ...checkFolder(name),
    ...checkNeeds(used, context),
    ...checkCheckoutId(name, used, context),
    ...checkPlaceholders(used, context),
    ...checkLabels(used, context),
    ...checkNoCredential(used),
    ...checkNoFilter(parts),
    ...checkCharacters(parts, context.nameRules),
  ];
};

interface Judged {
  readonly messages: readonly string[];
  readonly holdsCredential: boolean;
}

const judgeText = (template: string, context: Context): Judged => {
  const map = readAsMap(template);
  if (map !== undefined) return { messages: [`is JSON in quotes; write it as a map: ${map}`], holdsCredential: true };
  const { parts, messages } = read(template, placeholdersOfValue(context), context.known);
  if (parts === undefined) return { messages, holdsCredential: false };
  const used = placeholdersIn(parts);
  return {
    messages: [...checkPlaceholders(used, context), ...findHazards(parts)],
    holdsCredential: used.includes('credential'),
  };
};

const checkValue = (value: ValueTemplate, path: Problem['path'], context: Context): Problem[] => {
  const judged = leavesOf(value).flatMap(({ leaf, path: inner }) =>
    typeof leaf === 'string' ? [{ path: [...path, ...inner], ...judgeText(leaf, context) }] : [],
  );
  const problems = judged.flatMap(({ messages, path }) => messages.map((message) => ({ path, message })));
  if (problems.length > 0 || judged.some(({ holdsCredential }) => holdsCredential)) return problems;
  return [{ path, message: 'delivers no credential; use {credential} in it' }];
};

const knownPlaceholders = ({ connections }: RegisteredTypes): ReadonlySet<string> =>
  new Set([
    ...SECRET_PLACEHOLDERS,
    CHECKOUT_PLACEHOLDER,
    ...Object.values(connections)
      .flatMap(({ sources }) => Object.entries(sources))
      .flatMap(([source, type]) => Object.keys(type.rules({ source }).labels)),
  ]);

const checkRule = (
  { section, name, entry }: DeliveringRule,
  context: Omit<Context, 'what' | 'isCheckout'>,
): Problem[] => {
  const ofRule = {
    ...context,
    what: `${RULE_WORDS[section]} of ${entry.source}`,
    isCheckout: section === 'checkouts',
  };
  return [
    ...checkName(entry.name, ofRule).map((message) => ({ path: [section, name, 'name'], message })),
    ...checkValue(entry.value, [section, name, 'value'], ofRule),
  ];
};

/** Checks the templates `name` and `value` of every sync and checkout. */
export const checkTemplates = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const known = knownPlaceholders(types);
  return deliveries(config).flatMap((rule) => {
    const rules = findSource(types, rule.entry.source)?.rules(rule.entry);
    if (rules === undefined) return [];
    const storeTypes = new Set(rule.entry.stores.map((store) => ownOf(config.stores, store)?.type ?? ''));
    const nameRules = [...storeTypes].flatMap((type) => ownOf(types.stores, type)?.rules.name ?? []);
    return checkRule(rule, { rules, known, nameRules });
  });
};

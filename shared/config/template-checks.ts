import type { Problem } from '#shared/config/problem.ts';
import { suggest } from '#shared/config/problem.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import {
  PLACEHOLDERS,
  type Placeholder,
  parseTemplate,
  staticPrefix,
  type TemplatePart,
  type TemplateProblem,
} from '#shared/domain/template.ts';

/**
 * What is wrong with the templates of one sync or checkout. Pure; each check gives messages for the template that it
 * looked at.
 */

type Kind = 'sync' | 'checkout';

const placeholdersOf = (kind: Kind): Placeholder[] =>
  PLACEHOLDERS.filter((placeholder) => kind === 'checkout' || placeholder !== 'checkoutId');

const inWords = (problem: TemplateProblem, known: readonly string[]): string =>
  problem.kind === 'stray-brace'
    ? `the "${problem.found}" at character ${problem.at + 1} has no partner; double it when it is meant as text`
    : `there is no placeholder ${JSON.stringify(`{${problem.found}}`)}; ${suggest(problem.found, known)}`;

const uses = (parts: readonly TemplatePart[], ...wanted: readonly Placeholder[]): boolean =>
  parts.some((part) => 'placeholder' in part && wanted.includes(part.placeholder));

/** Its permissions are made from the folder, so there has to be one that all names of the sync share. */
const beginsWithFolder = (name: string): string[] =>
  /^\/?[^/]+\//.test(staticPrefix(name))
    ? []
    : ['begins with no folder of its own; put text and a slash before the first placeholder, such as prod/'];

const tellsAccountsApart = (parts: readonly TemplatePart[]): string[] => {
  const messages = [];
  if (!uses(parts, 'accountName', 'accountId')) {
    messages.push('gives two accounts of a system the same name; add {accountName} or {accountId}');
  }
  if (!uses(parts, 'systemName', 'systemId')) {
    messages.push('gives accounts of two systems the same name; add {systemName} or {systemId}');
  }
  return messages;
};

const holdsNoCredential = (parts: readonly TemplatePart[]): string[] =>
  uses(parts, 'credential')
    ? ['must not hold {credential}, because names are listed and logged; use it in value only']
    : [];

/** AWS Secrets Manager, CreateSecret, `Name`: ASCII letters, digits and /_+=.@- */
const isAllowedText = (parts: readonly TemplatePart[]): string[] => {
  const text = parts.map((part) => ('text' in part ? part.text : '')).join('');
  const refused = [...new Set(text.match(/[^A-Za-z0-9/_+=.@-]/gu))].map((character) => JSON.stringify(character));
  return refused.length === 0
    ? []
    : [`holds ${refused.join(', ')}, which Secrets Manager does not take; use letters, digits and /_+=.@- only`];
};

/** The same page of AWS warns of a hyphen and six characters: that is how the ARN of a secret ends. */
const endsUnlikeArn = (parts: readonly TemplatePart[]): string[] => {
  const last = parts.at(-1);
  return last !== undefined && 'text' in last && /-[A-Za-z0-9]{6}$/.test(last.text)
    ? ['ends in a hyphen and six characters, as the ARN of a secret does; end it differently']
    : [];
};

/** A checkout retires what it has delivered: it must never be what another one still needs. */
const tellsCheckoutsApart = (parts: readonly TemplatePart[]): string[] =>
  uses(parts, 'checkoutId') ? [] : ['gives two checkouts of an account the same name; add {checkoutId}'];

const knowsNoCheckout = (parts: readonly TemplatePart[]): string[] =>
  uses(parts, 'checkoutId') ? ['holds {checkoutId}, which only a checkout has; leave it out'] : [];

const checkName = (name: string, kind: Kind): string[] => {
  const parsed = parseTemplate(name);
  const known = placeholdersOf(kind).filter((placeholder) => placeholder !== 'credential');
  if (!parsed.ok) return parsed.problems.map((problem) => inWords(problem, known));
  const { parts } = parsed;
  return [
    ...beginsWithFolder(name),
    ...tellsAccountsApart(parts),
    ...(kind === 'checkout' ? tellsCheckoutsApart(parts) : knowsNoCheckout(parts)),
    ...holdsNoCredential(parts),
    ...isAllowedText(parts),
    ...endsUnlikeArn(parts),
  ];
};

const checkBraces = (template: string, kind: Kind): string[] => {
  const parsed = parseTemplate(template);
  if (!parsed.ok) return parsed.problems.map((problem) => inWords(problem, placeholdersOf(kind)));
  return kind === 'checkout' ? [] : knowsNoCheckout(parsed.parts);
};

const holdsCredential = (template: string): boolean => {
  const parsed = parseTemplate(template);
  return parsed.ok && uses(parsed.parts, 'credential');
};

const checkValue = (value: SyncConfig['value'], path: Problem['path'], kind: Kind): Problem[] => {
  const templates = typeof value === 'string' ? [{ path, template: value }] : fields(value, path);
  const problems = templates.flatMap((each) =>
    checkBraces(each.template, kind).map((message) => ({ path: each.path, message })),
  );
  if (problems.length > 0 || templates.some(({ template }) => holdsCredential(template))) return problems;
  return [{ path, message: 'delivers no credential; use {credential} in it' }];
};

const fields = (value: Readonly<Record<string, string>>, path: Problem['path']) =>
  Object.entries(value).map(([key, template]) => ({ path: [...path, key], template }));

/** Checks the templates `name` and `value` of a sync or checkout whose own place in the configuration is `path`. */
export const checkTemplates = (
  { name, value }: Pick<SyncConfig, 'name' | 'value'>,
  path: Problem['path'],
  kind: Kind,
): Problem[] => [
  ...checkName(name, kind).map((message) => ({ path: [...path, 'name'], message })),
  ...checkValue(value, [...path, 'value'], kind),
];

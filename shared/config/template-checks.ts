import type { Problem } from '#shared/config/problem.ts';
import { suggest } from '#shared/config/problem.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { type TemplateRules, WHOSE } from '#shared/config/template-rules.ts';
import {
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

const tellsApart = (parts: readonly TemplatePart[], { needs }: TemplateRules): string[] =>
  needs.flatMap(({ oneOf, otherwise }) => (uses(parts, ...oneOf) ? [] : [otherwise]));

const SECRET = ['credential', 'passphrase'] as const;

const holdsNoCredential = (parts: readonly TemplatePart[]): string[] =>
  SECRET.filter((placeholder) => uses(parts, placeholder)).map(
    (placeholder) => `must not hold {${placeholder}}, because names are listed and logged; use it in value only`,
  );

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

const knowsAll = (parts: readonly TemplatePart[], { placeholders }: TemplateRules): string[] => {
  const used = new Set(parts.flatMap((part) => ('placeholder' in part ? part.placeholder : [])));
  return [...used]
    .filter((placeholder) => !placeholders.includes(placeholder))
    .map((placeholder) => `holds {${placeholder}}, ${WHOSE[placeholder]}; leave it out`);
};

const checkName = (name: string, rules: TemplateRules): string[] => {
  const parsed = parseTemplate(name);
  const known = rules.placeholders.filter(
    (placeholder) => placeholder !== 'credential' && placeholder !== 'passphrase',
  );
  if (!parsed.ok) return parsed.problems.map((problem) => inWords(problem, known));
  const { parts } = parsed;
  return [
    ...beginsWithFolder(name),
    ...tellsApart(parts, rules),
    ...knowsAll(parts, rules),
    ...holdsNoCredential(parts),
    ...isAllowedText(parts),
    ...endsUnlikeArn(parts),
  ];
};

const checkParts = (template: string, rules: TemplateRules): string[] => {
  const parsed = parseTemplate(template);
  return parsed.ok
    ? knowsAll(parsed.parts, rules)
    : parsed.problems.map((problem) => inWords(problem, rules.placeholders));
};

const holdsCredential = (template: string): boolean => {
  const parsed = parseTemplate(template);
  return parsed.ok && uses(parsed.parts, 'credential');
};

const checkValue = (value: SyncConfig['value'], path: Problem['path'], rules: TemplateRules): Problem[] => {
  const templates = typeof value === 'string' ? [{ path, template: value }] : fields(value, path);
  const problems = templates.flatMap((each) =>
    checkParts(each.template, rules).map((message) => ({ path: each.path, message })),
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
  rules: TemplateRules,
): Problem[] => [
  ...checkName(name, rules).map((message) => ({ path: [...path, 'name'], message })),
  ...checkValue(value, [...path, 'value'], rules),
];

import type { ResourceContext } from '#shared/config/blueprint-checks.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import { parseTemplate } from '#shared/domain/template.ts';

/** Checks of the texts of a resource: placeholders, and settings that no message must choose. Pure. */

type Path = Problem['path'];

interface Text {
  readonly path: Path;
  readonly text: string;
}

/** Every text of a value, at any depth. */
const textsIn = (value: unknown, path: Path): readonly Text[] => {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((one, index) => textsIn(one, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => textsIn(one, [...path, key]));
};

/** Names of the placeholders in the texts of a value, at any depth. Doubled braces are text. */
export const placeholdersIn = (value: unknown): ReadonlySet<string> =>
  new Set(
    textsIn(value, []).flatMap(({ text }) => {
      const parsed = parseTemplate(text);
      return parsed.ok ? parsed.parts.flatMap((part) => ('placeholder' in part ? part.placeholder : [])) : [];
    }),
  );

/** Fix for a name that is not declared as an input. */
export const adviseInput = (name: string, inputs: readonly string[]): string =>
  inputs.length === 0 ? `declare it under inputs, as in ${name}: {}` : suggest(name, inputs);

const hasPlaceholder = ({ text }: Text): boolean => {
  const parsed = parseTemplate(text);
  return parsed.ok && parsed.parts.some((part) => 'placeholder' in part);
};

const checkText = ({ path, text }: Text, inputs: readonly string[]): Problem[] => {
  const parsed = parseTemplate(text);
  if (!parsed.ok) {
    return parsed.problems.map(({ found, at }) => ({
      path,
      message: `the "${found}" at character ${at + 1} is unmatched; double it to use it as text`,
    }));
  }
  return parsed.parts.flatMap((part): Problem[] => {
    if (!('placeholder' in part)) return [];
    const { placeholder, filter } = part;
    if (filter !== undefined) return [{ path, message: `has a filter; write {${placeholder}}` }];
    if (inputs.includes(placeholder)) return [];
    return [{ path, message: `there is no input "${placeholder}"; ${adviseInput(placeholder, inputs)}` }];
  });
};

/** Settings that decide about other objects: what a resource refers to, and the secret of a password. */
const checkChoices = ({ resource, type, path }: ResourceContext): Problem[] =>
  [...Object.keys(type.references), 'password']
    .flatMap((setting) => textsIn(resource[setting], [...path, setting]))
    .filter(hasPlaceholder)
    .map((one) => ({
      path: one.path,
      message: 'contains a placeholder; write one name, so that no message chooses it',
    }));

const checkAdoption = ({ resource, type, path }: ResourceContext): Problem[] => {
  const key = type.key.flatMap((setting) => textsIn(resource[setting], [setting]));
  if (!resource.adopt || !type.grantsRights || !key.some(hasPlaceholder)) return [];
  return [
    {
      path: [...path, 'adopt'],
      message: `lets a message choose an existing ${resource.type}, which grants rights; remove adopt, or write ${type.key.join(' and ')} without a placeholder`,
    },
  ];
};

/** Returns all problems of the texts of a resource. */
export const checkBlueprintTexts = (context: ResourceContext): Problem[] => {
  const { blueprint, resource, path } = context;
  const choices = checkChoices(context);
  const known = new Set(choices.map((problem) => JSON.stringify(problem.path)));
  const texts = textsIn(resource, path)
    .filter((one) => !known.has(JSON.stringify(one.path)))
    .flatMap((one) => checkText(one, Object.keys(blueprint.inputs)));
  return [...choices, ...texts, ...checkAdoption(context)];
};

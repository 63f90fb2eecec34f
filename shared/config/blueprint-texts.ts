import type { ResourceContext } from '#shared/config/blueprint-checks.ts';
import { ownOf } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import { namesIn } from '#shared/domain/blueprint/names.ts';
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

/** References, and settings that decide about rights and secrets. */
const checkChoices = ({ resource, type, path }: ResourceContext): Problem[] =>
  [...Object.keys(type.references), ...type.literal(resource)]
    .flatMap((setting) => textsIn(resource[setting], [...path, setting]))
    .filter(hasPlaceholder)
    .map((one) => ({
      path: one.path,
      message: 'contains a placeholder; write a fixed text, so that no message chooses it',
    }));

/** True if a message chooses the object of a resource: by its key, or by the key of an object that the key names. */
const isChosenByMessage = (name: string, { blueprint, types }: ResourceContext): boolean => {
  const visit = (one: string): boolean => {
    const resource = ownOf(blueprint.resources, one);
    const type = ownOf(types, resource?.type ?? '');
    if (resource === undefined || type === undefined) return false;
    return type.key.some((setting) =>
      Object.hasOwn(type.references, setting)
        ? earlier(one).some((other) => namesIn(resource[setting]).includes(other) && visit(other))
        : textsIn(resource[setting], []).some(hasPlaceholder),
    );
  };
  const names = Object.keys(blueprint.resources);
  const earlier = (one: string): readonly string[] => names.slice(0, names.indexOf(one));
  return visit(name);
};

/** Resources that give rights on a resource. */
const grantsOn = (name: string, { blueprint, types }: ResourceContext): readonly string[] =>
  Object.entries(blueprint.resources).flatMap(([other, resource]) => {
    const type = ownOf(types, resource.type);
    const refersToIt = Object.keys(type?.references ?? {}).some((setting) => namesIn(resource[setting]).includes(name));
    return type?.grantsRights === true && refersToIt ? [other] : [];
  });

/** A message must not choose an existing object that grants rights, or on which the blueprint grants rights. */
const checkAdoption = (context: ResourceContext): Problem[] => {
  const { name, resource, type, path } = context;
  if (!resource.adopt || !isChosenByMessage(name, context)) return [];
  const grants = grantsOn(name, context);
  if (!type.grantsRights && grants.length === 0) return [];
  const effect = type.grantsRights ? 'which grants rights' : `on which "${grants.join('", "')}" grants rights`;
  return [
    {
      path: [...path, 'adopt'],
      message: `lets a message choose an existing ${resource.type}, ${effect}; remove adopt, or identify the object without a placeholder (${type.key.join(', ')})`,
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

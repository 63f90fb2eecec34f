import * as z from 'zod';

/** Resolves the references of a template. */
export interface Scope {
  /** The `Ref` of a resource or parameter, or a pseudo parameter such as `AWS::Region`. */
  ref(name: string): unknown;
  getAtt(logicalId: string, attribute: string): string;
}

const functionCall = z.record(z.string(), z.unknown());

/**
 * Returns a template value with every intrinsic function evaluated.
 * @throws for an unsupported function, because a guess could make a local run pass that fails on AWS.
 */
export const resolve = (value: unknown, scope: Scope): unknown => {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(functionCall.parse(value));
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && isFunctionName(first[0])) return call(first[0], first[1], scope);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, resolve(item, scope)]).filter(([, item]) => item !== NO_VALUE),
  );
};

/** The value of `AWS::NoValue`, which removes its property. */
export const NO_VALUE = Symbol('AWS::NoValue');

const isFunctionName = (key: string): boolean => key === 'Ref' || key === 'Condition' || key.startsWith('Fn::');

const FUNCTIONS: Record<string, (argument: unknown, scope: Scope) => unknown> = {
  Ref: (argument, scope) => scope.ref(z.string().parse(argument)),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, attribute] = attributePath.parse(argument);
    return scope.getAtt(logicalId, attribute);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, items] = z.tuple([z.string(), z.unknown()]).parse(argument);
    return texts.parse(resolve(items, scope)).join(separator);
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = z.tuple([z.string(), z.unknown()]).parse(argument);
    return z.string().parse(resolve(text, scope)).split(separator);
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = z.tuple([z.coerce.number(), z.unknown()]).parse(argument);
    const item = z.array(z.unknown()).parse(resolve(items, scope))[index];
    if (item === undefined) throw new Error(`Fn::Select: the list has no item ${index}.`);
    return item;
  },
  'Fn::Sub': (argument, scope) => {
    const [text, variables] = substitution.parse(typeof argument === 'string' ? [argument, {}] : argument);
    return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => substitute(name, variables, scope));
  },
};

const call = (name: string, argument: unknown, scope: Scope): unknown => {
  const known = FUNCTIONS[name];
  if (known === undefined) throw new Error(`The template uses ${name}, which local mode does not support.`);
  return known(argument, scope);
};

const attributePath = z.union([
  z.tuple([z.string(), z.string()]),
  z.string().transform((path): [string, string] => {
    const dot = path.indexOf('.');
    return [path.slice(0, dot), path.slice(dot + 1)];
  }),
]);
const texts = z.array(z.union([z.string(), z.number()]));
const substitution = z.tuple([z.string(), functionCall]);

const substitute = (name: string, variables: Record<string, unknown>, scope: Scope): string => {
  if (name.startsWith('!')) return `\${${name.slice(1)}}`;
  if (name in variables) return String(resolve(variables[name], scope));
  return String(resolve(name.includes('.') ? { 'Fn::GetAtt': name } : { Ref: name }, scope));
};

import * as z from 'zod';
import { parseJson } from '../common/calls.ts';
import type { Call } from './calls.ts';
import { type FieldErrors, invalid } from './replies.ts';

/** Null is no value of an optional property. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutNulls(inner)]])),
  );
};

const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

const pathOf = (path: readonly PropertyKey[], nameOf: (name: string) => string): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${nameOf(String(part))}`,
    '',
  );

/** Values of another type fail while they are parsed, with a path of JSON. All others have the name of a property. */
const errorOf = (issue: z.core.$ZodIssue): readonly [string, string] => {
  const property = pathOf(issue.path, capital);
  const name = property.split('.').at(-1) ?? '';
  const jsonPath = `$.${pathOf(issue.path, (text) => text)}`;
  if (issue.code === 'custom') return [property, issue.message];
  if (issue.code === 'invalid_type' && issue.message.includes('received undefined')) {
    return [property, `The ${name} field is required.`];
  }
  if (issue.code === 'too_big' && issue.origin === 'string') {
    return [property, `The field ${name} must be a string with a maximum length of ${issue.maximum}.`];
  }
  if (issue.code === 'too_small') return [property, `The ${name} field is required.`];
  return [jsonPath, `The JSON value could not be converted. Path: ${jsonPath}.`];
};

const errorsOf = ({ issues }: z.ZodError): FieldErrors => {
  const errors = new Map<string, string[]>();
  for (const issue of issues) {
    const [field, text] = errorOf(issue);
    errors.set(field, [...(errors.get(field) ?? []), text]);
  }
  return Object.fromEntries(errors);
};

/** Parses a JSON body. Unknown properties are dropped. @throws Refusal: 400 in the form of the server. */
export const readFields = <T>({ body }: Call, schema: z.ZodType<T>): T => {
  const parsed = parseJson(body);
  if (parsed === undefined || parsed === null) {
    throw invalid({ $: ['The input is not a valid JSON text. Path: $.'] });
  }
  const result = schema.safeParse(withoutNulls(parsed));
  if (!result.success) throw invalid(errorsOf(result.error));
  return result.data;
};

/** A text of limited length. */
export const textOf = (most: number) => z.string().max(most);

/** A required text: not empty, and not blank. */
export const requiredTextOf = (most: number) => textOf(most).refine((text) => text.trim() !== '', 'Required.');

const ADDRESS = /^[^\s@<>(),;:\\"[\]]+@[^\s@<>(),;:\\"[\]]+\.[^\s@<>(),;:\\"[\].]+$/;

/** An address without a display name, quotes or comments. */
export const email = textOf(256).refine(
  (text) => ADDRESS.test(text),
  'The Email field is not a supported e-mail address format.',
);

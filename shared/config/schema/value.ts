import * as z from 'zod';
import { template } from '#shared/config/schema/fields.ts';
import { MAX_VALUE_DEPTH, type ValueMap } from '#shared/domain/value-template.ts';

/** A mistake in a value map, at its path. */
interface Mistake {
  readonly path: (string | number)[];
  readonly message: string;
}

const isMap = (node: unknown): node is Record<string, unknown> =>
  typeof node === 'object' && node !== null && !Array.isArray(node);

const judgeNumber = (number: number): string | undefined => {
  if (!Number.isFinite(number)) return 'JSON has no such number; put it in quotes';
  return Number.isInteger(number) && !Number.isSafeInteger(number)
    ? 'readers of JSON round whole numbers from 2^53 on; put it in quotes'
    : undefined;
};

const judgeKey = (key: string): string | undefined => {
  if (key === '') return 'write a key that is not empty';
  // Validators and many readers of JSON drop this key, because assigning it changes an object's prototype.
  return key === '__proto__' ? 'use another key, because readers of JSON drop this one' : undefined;
};

const TOO_DEEP = `move it up: maps and lists can be nested ${MAX_VALUE_DEPTH} levels deep`;

/** Adds the mistakes below a node. Ends at the first that is too deep, since an alias can contain itself. */
const findMistakes = (node: unknown, path: Mistake['path'], found: Mistake[]): Mistake[] => {
  const add = (at: Mistake['path'], message: string | undefined): void => {
    if (message !== undefined) found.push({ path: at, message });
  };
  if (typeof node === 'number') add(path, judgeNumber(node));
  if (typeof node !== 'object' || node === null) return found;
  if (path.length >= MAX_VALUE_DEPTH) add(path, TOO_DEEP);
  const inner: [string | number, unknown][] = Array.isArray(node) ? [...node.entries()] : Object.entries(node);
  for (const [step, child] of inner) {
    if (found.some(({ message }) => message === TOO_DEEP)) return found;
    if (typeof step === 'string') add([...path, step], judgeKey(step));
    findMistakes(child, [...path, step], found);
  }
  return found;
};

const isValueMap = (value: unknown): value is ValueMap => isMap(value) && findMistakes(value, [], []).length === 0;

/** Shape for editors. A recursive schema of zod would follow an alias that contains itself without end. */
const PUBLISHED = {
  type: 'object',
  propertyNames: { type: 'string', minLength: 1 },
  additionalProperties: {},
} as const;

const valueMap = z
  .unknown()
  .superRefine((value, context) => {
    if (!isMap(value)) {
      context.addIssue({ code: 'invalid_type', expected: 'record', input: value, continue: false });
      return;
    }
    for (const mistake of findMistakes(value, [], [])) {
      context.addIssue({ code: 'custom', ...mistake, input: value, continue: false });
    }
  })
  .refine(isValueMap)
  .meta(PUBLISHED);

/** Content of a secret in relay.yaml: a map, which becomes a JSON object, or one template for plain text. */
export const valueTemplate = z.union([template, valueMap]).meta({ examples: [{ password: '{credential}' }] });

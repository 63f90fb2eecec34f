import * as z from 'zod';
import { type EntryNames, exampleLine } from '#shared/config/examples.ts';
import { hintOf } from '#shared/config/hints.ts';
import { nearestTo, suggest } from '#shared/config/problem.ts';

/** Problems of keys that a map does not have. */

export type UnknownKeys = z.core.$ZodIssueUnrecognizedKeys;

/** Shapes of maps with unknown keys, by the list of these keys. zod exposes a schema only to the error map. */
const shapes = new WeakMap<readonly string[], z.core.$ZodShape>();

/** Keeps the shape of the map for {@link findUnknown}. Called by the error map. */
export const keepShape = ({ keys, inst }: Pick<UnknownKeys, 'keys'> & { readonly inst?: unknown }): void => {
  if (inst instanceof z.ZodObject) shapes.set(keys, inst.shape);
};

/** Keys that an operator could expect but that cannot be supported. No other key is suggested for them. */
const IMPOSSIBLE_KEYS: readonly [key: RegExp, message: string][] = [
  [
    /psrun/i,
    "is not supported: the algorithm of the PSRUN signature is not public. Use an API registration that does not verify it, and restrict that registration to the relay's address and a client certificate",
  ],
];

/** The known key that was probably meant: the one with this name at a vendor, or the nearest. */
const meantBy = (key: string, shape: z.core.$ZodShape): string | undefined => {
  const isVendorName = ([, field]: readonly [string, unknown]): boolean =>
    hintOf(field).vendorNames?.some((name) => name.toLowerCase() === key.toLowerCase()) === true;
  return Object.entries(shape).find(isVendorName)?.[0] ?? nearestTo(key, Object.keys(shape));
};

const mapSchema = z.record(z.string(), z.unknown());

interface UnknownKey {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Path of the missing setting that was probably meant. Its absence is the same problem. */
  readonly replaces: readonly PropertyKey[] | undefined;
}

/** Returns the problems of the unknown keys of one map. The issue must have the input. Pure. */
export const findUnknown = ({ keys, path, input }: UnknownKeys, names: EntryNames): UnknownKey[] => {
  const shape = shapes.get(keys) ?? {};
  const map = mapSchema.safeParse(input).data ?? {};
  return keys.map((key) => {
    const impossible = IMPOSSIBLE_KEYS.find(([pattern]) => pattern.test(key))?.[1];
    if (impossible !== undefined) return { path: [...path, key], message: impossible, replaces: undefined };
    const meant = meantBy(key, shape);
    return {
      path: [...path, key],
      message: `is not a known key; ${adviceFor(key, meant, { shape, value: map[key], names })}`,
      replaces: meant === undefined || Object.hasOwn(map, meant) ? undefined : [...path, meant],
    };
  });
};

interface Circumstances {
  readonly shape: z.core.$ZodShape;
  /** Value of the unknown key. */
  readonly value: unknown;
  readonly names: EntryNames;
}

/** A value that fits the meant key can stay; any other is shown with its replacement. */
const adviceFor = (key: string, meant: string | undefined, { shape, value, names }: Circumstances): string => {
  const known = Object.keys(shape);
  const field = meant === undefined ? undefined : shape[meant];
  if (meant === undefined || field === undefined) return suggest(key, known);
  const line = z.safeParse(field, value).success ? undefined : exampleLine(field, meant, { names, written: value });
  return line === undefined ? suggest(meant, known) : `write ${line}`;
};

import { parseArgs } from 'node:util';
import { z } from 'zod';

/** What somebody typed cannot be used; the message says why, in one line. */
export class UsageError extends Error {}

interface Range {
  readonly min?: number;
  readonly max: number;
}

/** A whole number that may be given as an option. */
export const optionalCount = ({ min = 0, max }: Range) =>
  z
    .string()
    .regex(/^\d+$/, 'is a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `is at least ${min}`).max(max, `is at most ${max}`))
    .optional();

/** A whole number as an option, with what it is when it is not given. */
export const count = (defaultValue: number, range: Range) =>
  optionalCount(range).transform((given) => given ?? defaultValue);

/**
 * Reads the options of a command: a flag for each `z.boolean()`, a value for everything else.
 * @throws UsageError
 */
export const readArguments = <Shape extends z.ZodRawShape>(argv: readonly string[], shape: Shape) => {
  const options = Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [name, { type: isFlag(schema) ? 'boolean' : 'string' } as const]),
  );
  const parsed = z.object(shape).safeParse(parse(argv, options));
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`).join('; '));
};

export const flag = z.boolean().default(false);
const isFlag = (schema: unknown): boolean => schema === flag;

const parse = (argv: readonly string[], options: Record<string, { type: 'boolean' | 'string' }>) => {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: false }).values;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.split(/\.\s/)[0] : String(thrown);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${reason}. Known options: ${known.join(', ')}`);
  }
};

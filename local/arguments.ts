import { parseArgs } from 'node:util';
import { z } from 'zod';

/** An invalid command line. The message is one line and states the reason. */
export class UsageError extends Error {}

interface Range {
  readonly min?: number;
  readonly max: number;
}

/** An optional whole number. */
export const optionalCount = ({ min = 0, max }: Range) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .optional();

/** A whole number with a default value. */
export const count = (defaultValue: number, range: Range) =>
  optionalCount(range).transform((given) => given ?? defaultValue);

/** One of several words, by default the first. */
export const choice = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `must be one of ${words.join(', ')}`).default(words[0]);

/** Parses the options of a command: a {@link flag} takes no value, every other option takes one. @throws UsageError */
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

import type * as z from 'zod';
import { RelayError } from '#shared/errors.ts';

/** The environment variables that a function's contract asks for, parsed once at cold start. */
export const readEnvironment = <T>(schema: z.ZodType<T>): T => {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new RelayError(
    'ConfigurationInvalid',
    `Environment variables are missing or wrong: ${names}. Deploy the stack again.`,
  );
};

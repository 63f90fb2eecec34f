import type * as z from 'zod';
import type { Source } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/**
 * Parses the settings that SRA reads from a rule. Raises `ConfigurationInvalid` for a rule of another version of the
 * relay.
 */
export const parseRule = <T>(schema: z.ZodType<T>, rule: Source): T => {
  const parsed = schema.safeParse(rule);
  if (parsed.success) return parsed.data;
  throw new RelayError(
    'ConfigurationInvalid',
    `A rule of the source ${rule.source} does not fit this version of the relay. Deploy the stack again.`,
  );
};

import type * as z from 'zod';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { Source } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/**
 * Parses the settings that Password Safe reads from a rule. Raises `ConfigurationInvalid` for a rule of another version
 * of the relay.
 */
export const parseRule = <T>(schema: z.ZodType<T>, rule: Source): T => {
  const parsed = schema.safeParse(rule);
  if (parsed.success) return parsed.data;
  throw new RelayError(
    'ConfigurationInvalid',
    `A rule of the source ${rule.source} does not fit this version of the relay. Deploy the stack again.`,
  );
};

/**
 * Parses the handle of an item. Raises `ContractViolated` for an item of another source, which a deployment during a
 * run can leave behind.
 */
export const parseHandle = <T>(schema: z.ZodType<T>, { ref, title, handle }: Rotated, kinds: readonly string[]): T => {
  const parsed = kinds.includes(ref.kind) ? schema.safeParse(handle) : undefined;
  if (parsed?.success) return parsed.data;
  throw new RelayError(
    'ContractViolated',
    `The plan for ${title} belongs to another source than the rule. Start the run again.`,
  );
};

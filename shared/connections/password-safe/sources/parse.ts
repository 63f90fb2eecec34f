import type * as z from 'zod';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/** What Password Safe reads of a rule. Raises `ConfigurationInvalid` for one that was made for another version of the relay. */
export const parseRule = <T>(schema: z.ZodType<T>, rule: Source): T => {
  const parsed = schema.safeParse(rule);
  if (parsed.success) return parsed.data;
  throw new RelayError(
    'ConfigurationInvalid',
    `A rule of the source ${rule.source} does not fit this version of the relay. Deploy the stack again.`,
  );
};

/** The handle of an item. Raises `ContractViolated` for one of another source, as a deploy in between may leave it. */
export const parseHandle = <T>(schema: z.ZodType<T>, { ref, title, handle }: Item, kinds: readonly string[]): T => {
  const parsed = kinds.includes(ref.kind) ? schema.safeParse(handle) : undefined;
  if (parsed?.success) return parsed.data;
  throw new RelayError(
    'ContractViolated',
    `What was planned for ${title} is of another source than the rule. Start the run again.`,
  );
};

import type { SourceType } from '#shared/connections/connection-type.ts';
import { accounts } from '#shared/connections/password-safe/sources/accounts.ts';
import { aliases } from '#shared/connections/password-safe/sources/aliases.ts';
import { pairs } from '#shared/connections/password-safe/sources/pairs.ts';
import { secretsSafe } from '#shared/connections/password-safe/sources/secrets-safe.ts';

/** Sources of a Password Safe, by their names in relay.yaml. */
export const SOURCES = { accounts, aliases, pairs, 'secrets-safe': secretsSafe } as const satisfies Record<
  string,
  SourceType
>;
export type SourceName = keyof typeof SOURCES;

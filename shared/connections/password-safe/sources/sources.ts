import type { SourceType } from '#shared/connections/connection-type.ts';
import { accounts } from '#shared/connections/password-safe/sources/accounts.ts';
import { aliases } from '#shared/connections/password-safe/sources/aliases.ts';
import { secretsSafe } from '#shared/connections/password-safe/sources/secrets-safe.ts';

/** What rules read of a Password Safe, by the word that relay.yaml knows it by. */
export const SOURCES = { accounts, aliases, 'secrets-safe': secretsSafe } as const satisfies Record<string, SourceType>;
export type SourceName = keyof typeof SOURCES;

import type { SourceType } from '#shared/connections/connection-type.ts';
import { vaultAccounts } from '#shared/connections/sra/sources/vault-accounts.ts';

/** Sources of a site, by their names in relay.yaml. */
export const SOURCES = { 'vault-accounts': vaultAccounts } as const satisfies Record<string, SourceType>;
export type SourceName = keyof typeof SOURCES;

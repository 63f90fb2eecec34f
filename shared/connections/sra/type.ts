import type { VaultType } from '#shared/connections/connection-type.ts';
import { sraSettings } from '#shared/connections/sra/settings.ts';
import { SOURCES } from '#shared/connections/sra/sources/sources.ts';

/**
 * The Vault of BeyondTrust Privileged Remote Access (PRA) and Remote Support (RS). The code that calls it is imported
 * when a connection is opened.
 */
export const sra: VaultType<typeof sraSettings> = {
  settings: sraSettings,
  sources: SOURCES,
  operatorSecrets: ({ authentication: { bootstrapSecret } }) => [
    { path: ['authentication', 'bootstrapSecret'], what: 'bootstrap secret', secret: bootstrapSecret },
  ],
  sharesToken: () => true,
  open: async (settings, context) => (await import('#shared/connections/sra/open.ts')).openSra(settings, context),
};

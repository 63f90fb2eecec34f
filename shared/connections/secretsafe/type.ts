import type { DirectoryType } from '#shared/connections/connection-type.ts';
import { secretSafeSettings } from '#shared/connections/secretsafe/settings.ts';

/**
 * An organization in SecretSafe, or in a server that is compatible with Bitwarden's organization API. The code that
 * calls it is imported when a connection is opened.
 */
export const secretSafe: DirectoryType<typeof secretSafeSettings> = {
  settings: secretSafeSettings,
  // The API has no credentials.
  sources: {},
  resources: async () => (await import('#shared/connections/secretsafe/resources/resources.ts')).RESOURCES,
  operatorSecrets: ({ authentication: { bootstrapSecret } }) => [
    { path: ['authentication', 'bootstrapSecret'], what: 'bootstrap secret', secret: bootstrapSecret },
  ],
  sharesToken: () => true,
  openDirectory: async (settings, context) =>
    (await import('#shared/connections/secretsafe/open.ts')).openSecretSafe(settings, context),
};

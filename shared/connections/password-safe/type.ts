import type { VaultType } from '#shared/connections/connection-type.ts';
import { passwordSafeSettings } from '#shared/connections/password-safe/settings.ts';
import { SOURCES } from '#shared/connections/password-safe/sources/sources.ts';

/** BeyondTrust Password Safe. The code that calls it is imported when a connection is opened. */
export const passwordSafe: VaultType<typeof passwordSafeSettings> = {
  settings: passwordSafeSettings,
  sources: SOURCES,
  resources: async () => (await import('#shared/connections/password-safe/resources/resources.ts')).RESOURCES,
  operatorSecrets: ({ authentication: { bootstrapSecret, clientCertificate } }) => [
    { path: ['authentication', 'bootstrapSecret'], what: 'bootstrap secret', secret: bootstrapSecret },
    ...(clientCertificate === undefined
      ? []
      : [
          { path: ['authentication', 'clientCertificate', 'secret'], what: 'client certificate', ...clientCertificate },
        ]),
  ],
  sharesToken: ({ authentication }) => authentication.type === 'oauth',
  usersInSecret: ({ authentication }) => authentication.type === 'api-key',
  open: async (settings, context) =>
    (await import('#shared/connections/password-safe/open.ts')).openPasswordSafe(settings, context),
};

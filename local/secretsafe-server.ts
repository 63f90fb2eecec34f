import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFleet } from './simulators/secretsafe/fleet.ts';
import { type SecretSafeSimulator, startSecretSafe } from './simulators/secretsafe/server.ts';
import type { World } from './world.ts';

/** The SecretSafe server of the sandbox, with one organization. No rule of its relay uses it. */

const GROUPS = 5;
const COLLECTIONS = 6;

/** File with the CA of the server, beside relay.yaml. */
const CA_FILE = 'secretsafe-ca.pem';

/** Starts the server. Port 0 chooses a free one. The caller must close it. */
export const startSecretSafeServer = ({
  members,
  seed,
  port,
}: {
  readonly members: number;
  readonly seed: number;
  readonly port: number;
}): Promise<SecretSafeSimulator> =>
  startSecretSafe({ port, seed, fleet: createFleet({ members, groups: GROUPS, collections: COLLECTIONS, seed }) });

/** Writes the CA file for clients. */
export const prepareSecretSafe = ({ directory }: Pick<World, 'directory'>, { caPem }: SecretSafeSimulator): void =>
  writeFileSync(join(directory, CA_FILE), caPem);

/** Addresses and the API key for clients of the server. */
export const secretSafeAddresses = ({ directory }: Pick<World, 'directory'>, server: SecretSafeSimulator) => ({
  url: server.url,
  identityUrl: `${server.url}/identity`,
  apiUrl: `${server.url}/api`,
  caFile: join(directory, CA_FILE),
  ...server.apiKey(),
});

type SecretSafeAddresses = ReturnType<typeof secretSafeAddresses>;

/** The server's part of the sandbox's output. */
export const describeSecretSafe = (server: SecretSafeAddresses): string => `SecretSafe
  URL            ${server.url}
  CA file        ${server.caFile}
  client id      ${server.clientId}
  client secret  ${server.clientSecret}
`;

/** Commands that list the members and the events of the organization. */
export const secretSafeCommands = ({ identityUrl, apiUrl, caFile, ...key }: SecretSafeAddresses): string =>
  `Sign in to SecretSafe, list the members, invite one, and read the events:
  safe() { curl -sS --cacert ${caFile} -H "Authorization: Bearer $safe_token" -H 'Content-Type: application/json' "$@"; echo; }
  safe_token=$(curl -sS --cacert ${caFile} -d grant_type=client_credentials -d scope=api.organization -d client_id=${key.clientId} -d client_secret=${key.clientSecret} ${identityUrl}/connect/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  safe ${apiUrl}/public/members
  safe -X POST -d '{"email":"new@example.com","type":2}' ${apiUrl}/public/members
  safe ${apiUrl}/public/events

The same members with Bitwarden's MCP server, as settings of its client:
  BW_API_BASE_URL=${apiUrl} BW_IDENTITY_URL=${identityUrl} BW_CLIENT_ID=${key.clientId} BW_CLIENT_SECRET=${key.clientSecret} NODE_EXTRA_CA_CERTS=${caFile}`;

/** Names that the stack gives to things and the functions find them by. */

/** The Secrets Manager secret that caches the OAuth token of a connection. */
export const tokenSecretName = (relay: string, connection: string): string => `pam-relay/${relay}/token/${connection}`;

/** The tag that every delivered secret carries, and that the functions' roles are limited to. */
export const OWNER_TAG = 'pam-relay:owner';

/** The owner of the secrets of a sync or of a rule for checkouts, as their owner tag says it. */
export const ownerOf = (relayId: string, name: string): string => `${relayId}/${name}`;

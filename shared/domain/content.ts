import type { Secret } from '#shared/secret.ts';

/** A credential as a vault gives it: a password, a key, a ticket; and of an encrypted key its passphrase. */
export interface Credential {
  readonly secret: Secret;
  readonly passphrase?: Secret | undefined;
}

/** A file, byte by byte. */
interface FileContent {
  readonly file: Secret<Uint8Array>;
}

/** What was read of a vault to be delivered. */
export type Content = Credential | FileContent;

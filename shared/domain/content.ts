import type { Secret } from '#shared/secret.ts';

/** A credential as a vault returns it: a password, a key or a ticket. An encrypted key comes with its passphrase. */
export interface Credential {
  readonly secret: Secret;
  readonly passphrase?: Secret | undefined;
}

/** Bytes of a file. */
interface FileContent {
  readonly file: Secret<Uint8Array>;
}

/** Content that was read from a vault for delivery. */
export type Content = Credential | FileContent;

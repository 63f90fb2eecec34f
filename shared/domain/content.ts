import type { Labels } from '#shared/domain/item.ts';
import type { Secret } from '#shared/secret.ts';

/** A credential as a vault returns it: a password, a key or a ticket. An encrypted key comes with its passphrase. */
export interface Credential {
  readonly secret: Secret;
  readonly passphrase?: Secret | undefined;
  /** Texts that the vault shows only with the credential, by the names of their labels. None is confidential. */
  readonly texts?: Labels | undefined;
}

/** Bytes of a file. */
interface FileContent {
  readonly file: Secret<Uint8Array>;
}

/** Content that was read from a vault for delivery. */
export type Content = Credential | FileContent;

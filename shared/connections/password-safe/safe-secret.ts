/** The kinds of secret that Secrets Safe keeps (reference: password-safe-api.md 2.7, `SecretType`). */
export const SAFE_SECRET_TYPES = ['credential', 'text', 'file'] as const;
type SafeSecretType = (typeof SAFE_SECRET_TYPES)[number];

/** The versions of answers that a call to Secrets Safe can ask for. */
export const SAFE_API_VERSIONS = ['3.0', '3.1', '3.2'] as const;
export type SafeApiVersion = (typeof SAFE_API_VERSIONS)[number];

/** A secret in a folder of Secrets Safe, as its list shows it. Holds neither value nor notes. */
export interface SafeSecret {
  /** A GUID. */
  readonly secretId: string;
  readonly type: SafeSecretType;
  readonly title: string;
  /** Of a credential; empty for the other types. */
  readonly username: string;
  readonly folderId: string;
  /** From the safe downwards, separated by slashes. */
  readonly folderPath: string;
  /** When the value last changed as far as the vault says, UTC ISO 8601: before version 3.2 any change counts. */
  readonly changedAt?: string | undefined;
  /** That date as the vault writes it, where it can't be read. */
  readonly unreadableDate?: string | undefined;
  /** When anything about it last changed, which is what the vault filters by; UTC ISO 8601. */
  readonly modifiedAt?: string | undefined;
}

/** Secret types of Secrets Safe (reference: password-safe-api.md 2.7, `SecretType`). */
export const SAFE_SECRET_TYPES = ['credential', 'text', 'file'] as const;
type SafeSecretType = (typeof SAFE_SECRET_TYPES)[number];

/** Answer versions that a call to Secrets Safe can request. */
export const SAFE_API_VERSIONS = ['3.0', '3.1', '3.2'] as const;
export type SafeApiVersion = (typeof SAFE_API_VERSIONS)[number];

/** A secret in a folder of Secrets Safe, as listed. Contains neither value nor notes. */
export interface SafeSecret {
  /** A GUID. */
  readonly secretId: string;
  readonly type: SafeSecretType;
  readonly title: string;
  /** User name of a credential; empty for the other types. */
  readonly username: string;
  readonly folderId: string;
  /** Path from the safe down, separated by slashes. */
  readonly folderPath: string;
  /** Time of the last change of the value, UTC ISO 8601; before version 3.2, of any change. */
  readonly changedAt?: string | undefined;
  /** The change date as the vault sent it, if it is unreadable. */
  readonly unreadableDate?: string | undefined;
  /** Time of the last change of any kind, UTC ISO 8601. The vault filters by it. */
  readonly modifiedAt?: string | undefined;
}

import type { SafeSecret } from '#shared/connections/password-safe/safe-secret.ts';
import type { SecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import type { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

/** A credential in a folder, with defaults. */
export const aSafeSecret = (overrides: Partial<SafeSecret> = {}): SafeSecret => ({
  secretId: 's1',
  type: 'credential',
  title: 'api',
  username: 'svc',
  folderId: 'f1',
  folderPath: 'Team/Apps',
  changedAt: '2026-01-02T03:04:05.000Z',
  modifiedAt: '2026-01-02T03:04:05.000Z',
  ...overrides,
});

/** Secrets Safe in memory. `calls` describes each call in words. */
export const fakeSafe = () => {
  const secrets: SafeSecret[] = [];
  const calls: string[] = [];
  const failures = new Map<string, RelayError>();
  /** Secrets that are listed but no longer in the folder when it is read. */
  const moved = new Set<string>();
  const failIfConfigured = (id: string): void => {
    const failure = failures.get(id);
    if (failure !== undefined) throw failure;
  };
  const safe: Pick<SecretsSafe, 'read' | 'readFolder'> = {
    async *readFolder({ folderId, since }) {
      calls.push(`folder ${folderId}${since === undefined ? '' : ` since ${since}`}`);
      failIfConfigured(folderId);
      yield new Map(
        secrets
          .filter((secret) => secret.folderId === folderId && secret.type !== 'file' && !moved.has(secret.secretId))
          .filter(({ modifiedAt = '' }) => since === undefined || modifiedAt > since)
          .map(({ secretId }) => [secretId, new Secret(`value of ${secretId}`)]),
      );
    },
    async read({ secretId, type }) {
      calls.push(`read ${secretId}`);
      failIfConfigured(secretId);
      return type === 'file'
        ? { file: new Secret(Uint8Array.of(0, 255)) }
        : { secret: new Secret(`value of ${secretId}`) };
    },
  };
  return {
    safe,
    secrets,
    calls,
    moved,
    fail: (id: string, error: RelayError) => failures.set(id, error),
  };
};

import type { SafeSecret } from '#shared/connections/password-safe/safe-secret.ts';
import type { SecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import type { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

/** A credential in a folder to begin with; a test names only what matters to it. */
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

/** Secrets Safe in memory: `calls` is what it was asked, in words. */
export const fakeSafe = () => {
  const secrets: SafeSecret[] = [];
  const calls: string[] = [];
  const failures = new Map<string, RelayError>();
  /** Listed, and gone from the folder by the time that it is read. */
  const moved = new Set<string>();
  const failIfTold = (id: string): void => {
    const failure = failures.get(id);
    if (failure !== undefined) throw failure;
  };
  const safe: Pick<SecretsSafe, 'read' | 'readFolder'> = {
    async *readFolder({ folderId, since }) {
      calls.push(`folder ${folderId}${since === undefined ? '' : ` since ${since}`}`);
      failIfTold(folderId);
      yield new Map(
        secrets
          .filter((secret) => secret.folderId === folderId && secret.type !== 'file' && !moved.has(secret.secretId))
          .filter(({ modifiedAt = '' }) => since === undefined || modifiedAt > since)
          .map(({ secretId }) => [secretId, new Secret(`value of ${secretId}`)]),
      );
    },
    async read({ secretId, type }) {
      calls.push(`read ${secretId}`);
      failIfTold(secretId);
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

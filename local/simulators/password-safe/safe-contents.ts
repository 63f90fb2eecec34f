import { guidOf, type SecretShape, type SimulatedSecret } from './secrets-safe.ts';

const FIRST_DAY = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;

type EdgeCase = Pick<SimulatedSecret, 'title' | 'folders' | 'shape'> & Partial<SimulatedSecret>;

/** One secret of each shape, with names that contain separators, quotes and other alphabets. */
const EDGE_CASES: readonly EdgeCase[] = [
  {
    title: 'api',
    folders: ['Team A', 'Apps'],
    shape: 'credential',
    username: 'svc-api',
    // The relay does not request notes, but people also keep secrets in them.
    notes: 'old one: canary-00000000000000000000feed',
  },
  { title: 'api', folders: ['Team B', 'Apps'], shape: 'quoted-credential', username: 'svc "api"\\' },
  { title: 'connection', folders: ['Team A', 'Apps'], shape: 'text', notes: '' },
  { title: 'motd / banner', folders: ['Team A', 'Apps'], shape: 'crlf-text' },
  { title: 'keystore.jks', folders: ['Team A', 'Files'], shape: 'file' },
  { title: 'schlüssel & søn #1', folders: ['Team A', 'Files'], shape: 'file' },
  { title: 'backup.tar', folders: ['Team A', 'Files'], shape: 'large-file' },
  { title: 'token', folders: ['Team A', 'EU/US'], shape: 'credential', username: 'svc-token' },
  { title: 'certificate', folders: ['Team A', 'Apps'], shape: 'unknown' },
];

/** Shapes that a sync cannot deliver to AWS Secrets Manager or does not support. */
const UNDELIVERABLE: ReadonlySet<SecretShape> = new Set(['large-file', 'largest-file', 'unknown']);

export const isDeliverableSecret = ({ shape }: Pick<SimulatedSecret, 'shape'>): boolean => !UNDELIVERABLE.has(shape);

/**
 * Creates the edge cases and this number of plain credentials in a separate folder. Always returns the same secrets.
 */
export const createSecrets = ({ plain }: { readonly plain: number }): SimulatedSecret[] => {
  const more = Array.from({ length: plain }, (_, index): EdgeCase => {
    return { title: `secret-${index}`, folders: ['Team C', 'Bulk'], shape: 'credential', username: `user-${index}` };
  });
  return [...EDGE_CASES, ...more].map((secret, index) => ({
    secretId: guidOf(`secret ${index}`),
    username: '',
    notes: null,
    createdAt: FIRST_DAY + index * HOUR_MS,
    ...secret,
  }));
};

import { guidOf, type SecretShape, type SimulatedSecret } from './secrets-safe.ts';

const FIRST_DAY = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;

type Awkward = Pick<SimulatedSecret, 'title' | 'folders' | 'shape'> & Partial<SimulatedSecret>;

/** One of each kind, with names that hold separators, quotes and other alphabets. */
const AWKWARD: readonly Awkward[] = [
  {
    title: 'api',
    folders: ['Team A', 'Apps'],
    shape: 'credential',
    username: 'svc-api',
    // Nobody asked for the notes, in which people keep secrets, too.
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

/** What a sync can't deliver to AWS Secrets Manager, or does not know. */
const UNDELIVERABLE: ReadonlySet<SecretShape> = new Set(['large-file', 'largest-file', 'unknown']);

export const isDeliverableSecret = ({ shape }: Pick<SimulatedSecret, 'shape'>): boolean => !UNDELIVERABLE.has(shape);

/** The awkward ones, and so many plain credentials more in a folder of their own. The same everywhere. */
export const createSecrets = ({ plain }: { readonly plain: number }): SimulatedSecret[] => {
  const more = Array.from({ length: plain }, (_, index): Awkward => {
    return { title: `secret-${index}`, folders: ['Team C', 'Bulk'], shape: 'credential', username: `user-${index}` };
  });
  return [...AWKWARD, ...more].map((secret, index) => ({
    secretId: guidOf(`secret ${index}`),
    username: '',
    notes: null,
    createdAt: FIRST_DAY + index * HOUR_MS,
    ...secret,
  }));
};

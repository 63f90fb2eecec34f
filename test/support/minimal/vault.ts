import * as z from 'zod';
import { commonConnection } from '#shared/config/schema/connection.ts';
import { globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import type { Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { json, nothing } from '#shared/http/answer.ts';
import type { Http, Interpreter } from '#shared/http/http.ts';
import { emptyBody } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';

/**
 * The smallest vault that the port allows: entries on shelves, read without leases, dates or look-ups. It proves that
 * nothing outside `connections/` depends on features of a specific vault.
 */

const settings = z.strictObject({ type: z.literal('minimal-vault'), ...commonConnection });

const sync = z.strictObject({
  source: z.literal('entries'),
  ...commonSync,
  value: valueTemplate.default('{credential}'),
  shelves: globs,
});

const ruleSchema = z.object({ shelves: globs });
const rowSchema = z.object({ id: z.string(), name: z.string(), shelf: z.string() });
const valueSchema = z.object({ value: z.string().min(1) }).transform(({ value }) => new Secret(value));

const MEANINGS: Readonly<Record<number, readonly [ErrorName, string]>> = {
  401: ['SignInRefused', 'Check the credentials of the connection.'],
  404: ['NotFound', 'Check that the entry exists.'],
};

const interpret: Interpreter = ({ status }, { connection, name }) => {
  if (status === 200) return undefined;
  const [error, fix] = MEANINGS[status] ?? ['VaultUnavailable', 'The call is retried.'];
  return new RelayError(error, `${connection}: ${name} was answered with ${status}. ${fix}`);
};

const get = <T>(http: Http, path: string, schema: z.ZodType<T>): Promise<T> =>
  http.send({ method: 'GET', path, idempotent: true, interpret, read: json(schema) }).then(({ value }) => value);

const toItem = ({ id, name, shelf }: z.infer<typeof rowSchema>): Item => ({
  ref: { kind: 'entry', id },
  title: `${shelf}, ${name}`,
  labels: { name, shelf },
  changing: 'unknown',
  handle: null,
});

const openSession = (http: Http): VaultSession => ({
  async *list() {
    yield { items: (await get(http, 'entries', z.array(rowSchema))).map(toItem), complete: true };
  },
  find: async () => 'none',
  access: () => ({
    kind: 'plain-reads',
    read: async ({ ref: { kind, id }, title }) => {
      if (kind !== 'entry') throw new RelayError('ContractViolated', `${title} is not an entry. Start the run again.`);
      return { content: { secret: await get(http, `entries/${encodeURIComponent(id)}`, valueSchema) } };
    },
  }),
});

const rules = (rule: Source) => ({
  accessKind: 'plain-reads' as const,
  opens: 'credential' as const,
  labels: { name: {}, shelf: {} },
  needs: [
    { oneOf: ['name'], otherwise: 'gives two entries of a shelf the same name; add {name}' },
    { oneOf: ['shelf'], otherwise: 'gives entries of two shelves the same name; add {shelf}' },
  ],
  distinguishingPlaceholder: '{shelf}',
  hasPassphrase: false,
  patterns: { shelf: ruleSchema.parse(rule).shelves },
  rotationWindowMinutes: 0,
});

const signInAndOut = async (http: Http, path: 'sign-in' | 'sign-out'): Promise<void> => {
  await http.send({ method: 'POST', path, body: emptyBody, idempotent: true, interpret, read: nothing });
};

const openVault = (http: Http): Vault => {
  const session: Vault['session'] = async (work) => {
    await signInAndOut(http, 'sign-in');
    try {
      return await work(openSession(http));
    } finally {
      await signInAndOut(http, 'sign-out');
    }
  };
  return {
    rules,
    session,
    async ensureSignIn() {
      await session(async () => {});
      return { expiresAt: null };
    },
  };
};

export const minimalVault: ConnectionType<typeof settings> = {
  settings,
  sources: { entries: { sync, rules } },
  operatorSecrets: () => [],
  sharesToken: () => false,
  open: async (_, { connect }) => openVault(connect()),
};

import * as z from 'zod';
import { commonCheckout } from '#shared/config/schema/checkout.ts';
import { commonConnection } from '#shared/config/schema/connection.ts';
import { globs } from '#shared/config/schema/fields.ts';
import { commonOldCheckouts } from '#shared/config/schema/old-checkouts.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import type { AllLeases, OpenLease } from '#shared/connections/all-leases.ts';
import type { VaultType } from '#shared/connections/connection-type.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { OpeningReads, PlainReads, Source, Vault, VaultSession, VendorAccess } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { json, nothing } from '#shared/http/answer.ts';
import type { Http, Interpreter } from '#shared/http/http.ts';
import { emptyBody } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';

/**
 * The smallest vault that the port allows: entries on shelves, read without leases, dates or look-ups. It shows the
 * leases of its users. Its source `loans` lends the same entries: each to one user, by a call that returns the value
 * and no id. It proves that nothing outside `connections/` depends on features of a specific vault.
 */

const settings = z.strictObject({ type: z.literal('minimal-vault'), ...commonConnection });

const sync = z.strictObject({
  source: z.literal('entries'),
  ...commonSync,
  value: valueTemplate.default('{credential}'),
  shelves: globs,
});

const loan = { source: z.literal('loans'), value: valueTemplate.default('{credential}'), shelves: globs };
const lendingSync = z.strictObject({ ...commonSync, ...loan });
const lendingCheckout = z.strictObject({ ...commonCheckout, ...loan });
const oldCheckouts = z.strictObject({ source: z.literal('entries'), ...commonOldCheckouts, shelves: globs });

const ruleSchema = z.object({ shelves: globs });
const rowSchema = z.object({ id: z.string(), name: z.string(), shelf: z.string() });
const leaseSchema = rowSchema.extend({ since: z.string(), holder: z.string() });
const valueSchema = z.object({ value: z.string().min(1) }).transform(({ value }) => new Secret(value));

const MEANINGS: Readonly<Record<number, readonly [ErrorName, string]>> = {
  401: ['SignInRefused', 'Check the credentials of the connection.'],
  403: ['PermissionMissing', 'The vault lets the user do that no more.'],
  409: ['RequestConflict', 'Another user has it.'],
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

const toLease = ({ since, holder, ...row }: z.infer<typeof leaseSchema>): OpenLease => ({
  ...{ item: toItem(row), since, holder, inUse: false },
});

const leasesOf = (http: Http): AllLeases => {
  const all = async (): Promise<OpenLease[]> => (await get(http, 'leases', z.array(leaseSchema))).map(toLease);
  return {
    openedBefore: async (time) => ({ open: (await all()).filter(({ since }) => since <= time), unknown: [] }),
    async current({ ref }) {
      const lease = (await all()).find(({ item }) => item.ref.id === ref.id);
      return lease === undefined ? { state: 'none' } : { state: 'open', lease };
    },
    async end({ ref: { id } }) {
      const path = `leases/${encodeURIComponent(id)}`;
      await http.send({ method: 'POST', path, body: emptyBody, idempotent: true, interpret, read: nothing });
    },
  };
};

const post = <T>(http: Http, path: string, read: Parameters<typeof http.send<T>>[0]['read']): Promise<T> =>
  http.send({ method: 'POST', path, body: emptyBody, idempotent: false, interpret, read }).then(({ value }) => value);

const idOf = ({ ref: { kind, id }, title }: Pick<Item, 'ref' | 'title'>): string => {
  if (kind !== 'entry') throw new RelayError('ContractViolated', `${title} is not an entry. Start the run again.`);
  return encodeURIComponent(id);
};

const lend = (http: Http): OpeningReads => ({
  kind: 'opening-reads',
  openAndRead: async (item) => ({ content: { secret: await post(http, `borrow/${idOf(item)}`, json(valueSchema)) } }),
  async close(item) {
    await post(http, `return/${idOf(item)}`, nothing);
    return {};
  },
});

const openSession = (http: Http): VaultSession<VendorAccess> => ({
  async *list() {
    yield { items: (await get(http, 'entries', z.array(rowSchema))).map(toItem), complete: true };
  },
  async find(_, labels) {
    const rows = await get(http, 'entries', z.array(rowSchema));
    const row = rows.find(({ name, shelf }) => name === labels['name'] && shelf === labels['shelf']);
    return row === undefined ? 'none' : toItem(row);
  },
  allLeases: () => leasesOf(http),
  access: ({ source }) => (source === 'loans' ? lend(http) : readPlainly(http)),
});

const readPlainly = (http: Http): PlainReads => ({
  kind: 'plain-reads',
  read: async (item) => ({ content: { secret: await get(http, `entries/${idOf(item)}`, valueSchema) } }),
});

const rules = (rule: Source): SourceRules => ({
  accessKind: 'plain-reads' as const,
  opens: 'credential' as const,
  labels: { name: {}, shelf: {} },
  needs: [
    { oneOf: ['name'], otherwise: 'gives two entries of a shelf the same name; add {name}' },
    { oneOf: ['shelf'], otherwise: 'gives entries of two shelves the same name; add {shelf}' },
  ],
  distinguishingPlaceholder: '{shelf}',
  groupLabel: 'shelf',
  hasPassphrase: false,
  patterns: { shelf: ruleSchema.parse(rule).shelves },
  rotationWindowMinutes: 0,
});

const lendingRules = (rule: Source): SourceRules => ({
  ...rules(rule),
  accessKind: 'opening-reads',
  address: { labels: ['name', 'shelf'], spellings: (address) => [address] },
});

const signInAndOut = async (http: Http, path: 'sign-in' | 'sign-out'): Promise<void> => {
  await http.send({ method: 'POST', path, body: emptyBody, idempotent: true, interpret, read: nothing });
};

const openVault = (http: Http): Vault<VendorAccess> => {
  const session: Vault<VendorAccess>['session'] = async (work) => {
    await signInAndOut(http, 'sign-in');
    try {
      return await work(openSession(http));
    } finally {
      await signInAndOut(http, 'sign-out');
    }
  };
  return {
    rules: (rule) => (rule.source === 'loans' ? lendingRules(rule) : rules(rule)),
    session,
    async ensureSignIn() {
      await session(async () => {});
      return { expiresAt: null };
    },
  };
};

export const minimalVault: VaultType<typeof settings> = {
  settings,
  sources: {
    entries: { sync, oldCheckouts, rules },
    loans: { sync: lendingSync, checkout: lendingCheckout, rules: lendingRules },
  },
  operatorSecrets: () => [],
  sharesToken: () => false,
  open: async (_, { connect }) => openVault(connect()),
};

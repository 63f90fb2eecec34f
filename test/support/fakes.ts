import type {
  AccessOffer,
  AccountPage,
  OpenRequest,
  OpenSession,
  SessionGrant,
  SessionType,
  Vault,
  VaultSession,
} from '#shared/clients/password-safe/vault.ts';
import type { Account, Alias } from '#shared/domain/account.ts';
import type { RequestTerms } from '#shared/domain/lease.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import type { Delivery, Presence, SecretStore, StoredSecret } from '#shared/stores/store.ts';
import { fakeSafe } from '#test/support/fake-safe.ts';

/** Records in memory, stored as JSON text so that what does not survive JSON does not survive here either. */
export const memoryRecords = () => {
  const objects = new Map<string, string>();
  const records: Records = {
    async read<T>({ key, schema }: RecordPlace<T>) {
      const text = objects.get(key);
      return text === undefined ? undefined : schema.parse(JSON.parse(text));
    },
    async write({ key }, record) {
      objects.set(key, JSON.stringify(record));
    },
  };
  return { ...records, objects };
};

/** Notes in memory; `keys` is what lies there. */
export const memoryNotes = () => {
  const keys = new Set<string>();
  const notes: Notes = {
    async put(key) {
      keys.add(key);
    },
    async remove(key) {
      keys.delete(key);
    },
    list: async (prefix) => [...keys].filter((key) => key.startsWith(prefix)),
  };
  return { ...notes, keys };
};

type Call = readonly [keyof VaultSession | 'signIn' | 'signOut', ...unknown[]];

/** One kind of access, without conditions. */
export const anOffer = (overrides: Partial<AccessOffer> = {}): AccessOffer => ({
  accessType: 'View',
  minApprovers: 0,
  requiresTicket: false,
  ...overrides,
});

/** A vault that answers as told and remembers what it was asked. */
export const fakeVault = (pages: readonly AccountPage[] = []) => {
  const calls: Call[] = [];
  const open = new Map<number, OpenRequest>();
  const sessions = new Map<number, OpenSession>();
  const offers = new Map<number, readonly AccessOffer[]>();
  const failures = new Map<string, RelayError>();
  const terms: RequestTerms[] = [];
  const aliases: Alias[] = [];
  const safe = fakeSafe();
  let lastId = 100;
  const failIfTold = (call: string, id: number): void => {
    const failure = failures.get(`${call} ${id}`);
    if (failure !== undefined) throw failure;
  };

  const grant = (type: SessionType, about: Pick<OpenSession, 'accountId' | 'requestId'>): SessionGrant => {
    lastId += 1;
    const sessionId = lastId;
    sessions.set(sessionId, { sessionId, status: 'not-started', ...about });
    return {
      credential: new Secret(`${type} ${sessionId} of ${about.accountId}`),
      sessionId: type.endsWith('file') ? undefined : sessionId,
    };
  };

  const session: VaultSession = {
    async *listAccounts(query) {
      calls.push(['listAccounts', query]);
      const system = query.system?.toLowerCase();
      for (const { accounts, ...page } of pages) {
        const shown = accounts.filter(({ systemName }) => system === undefined || systemName.toLowerCase() === system);
        yield { ...page, accounts: shown };
      }
    },
    async listAliases() {
      calls.push(['listAliases']);
      return aliases;
    },
    async openRequest(asked) {
      const { systemId, accountId, aliasId, accessType, reason, durationMinutes } = asked;
      terms.push(asked);
      calls.push(['openRequest', accountId, durationMinutes]);
      const failure = failures.get(`openRequest ${accountId}`);
      if (failure !== undefined && !failure.mayHaveHappened) throw failure;
      const known = [...open.values()].find((row) => row.accountId === accountId && row.status === 'active');
      if (known !== undefined) return { requestId: known.requestId, reused: true };
      lastId += 1;
      open.set(lastId, {
        requestId: lastId,
        systemId,
        accountId,
        aliasId,
        status: 'active',
        accessType,
        reason,
        createdAt: undefined,
        expiresAt: undefined,
      });
      if (failure !== undefined) throw failure;
      return { requestId: lastId, reused: false };
    },
    async readCredential(requestId, { kind } = {}) {
      calls.push(kind === 'dsskey' ? ['readCredential', requestId, kind] : ['readCredential', requestId]);
      failIfTold('readCredential', requestId);
      const row = open.get(requestId);
      if (row === undefined) throw new RelayError('LeaseGone', 'gone');
      const secret = new Secret(`credential of ${row.accountId}`);
      return kind === 'dsskey' ? { secret, passphrase: new Secret(`passphrase of ${row.accountId}`) } : { secret };
    },
    async readAsIsa({ accountId, durationMinutes }, kind) {
      calls.push(['readAsIsa', accountId, durationMinutes, kind]);
      failIfTold('readAsIsa', accountId);
      return { secret: new Secret(`credential of ${accountId}`), endsAt: '2026-01-02T04:15:00.000Z' };
    },
    async checkIn(requestId) {
      calls.push(['checkIn', requestId]);
      failIfTold('checkIn', requestId);
      return { gone: !open.delete(requestId), at: '2026-01-02T04:00:00.000Z' };
    },
    async listOpenRequests() {
      calls.push(['listOpenRequests']);
      failIfTold('listOpenRequests', 0);
      return [...open.values()];
    },
    async findAccount(systemName, accountName) {
      calls.push(['findAccount', systemName, accountName]);
      failIfTold('findAccount', 0);
      const isMeant = (account: Account): boolean =>
        account.systemName === systemName &&
        [account.accountName, `${account.domainName}\\${account.accountName}`].includes(accountName);
      return pages.flatMap(({ accounts }) => accounts).find(isMeant);
    },
    async testAccess({ accountId }, durationMinutes) {
      calls.push(['testAccess', accountId, durationMinutes]);
      failIfTold('testAccess', accountId);
      return offers.get(accountId) ?? [anOffer()];
    },
    async openSession(requestId, type) {
      calls.push(['openSession', requestId, type]);
      failIfTold('openSession', requestId);
      const row = open.get(requestId);
      if (row === undefined) throw new RelayError('LeaseGone', 'gone');
      if (row.status === 'pending') throw new RelayError('ApprovalPending', 'pending');
      return grant(type, { requestId, accountId: row.accountId });
    },
    async openIsaSession({ accountId }, type) {
      calls.push(['openIsaSession', accountId, type]);
      failIfTold('openIsaSession', accountId);
      return grant(type, { requestId: undefined, accountId });
    },
    async listSessions() {
      calls.push(['listSessions']);
      failIfTold('listSessions', 0);
      return [...sessions.values()];
    },
    async terminateSession(sessionId) {
      calls.push(['terminateSession', sessionId]);
      failIfTold('terminateSession', sessionId);
      return sessions.delete(sessionId);
    },
    secretsSafe: safe.safe,
  };
  const vault: Vault = {
    async withSession(work) {
      calls.push(['signIn']);
      try {
        return await work(session);
      } finally {
        calls.push(['signOut']);
      }
    },
  };
  return {
    vault,
    calls,
    /** Of every request that was asked for. */
    terms,
    aliases,
    safe,
    open,
    sessions,
    /** What {@link VaultSession.testAccess} offers for an account; one View without conditions when not set. */
    offers,
    /** How often one kind of call was made. */
    count: (kind: Call[0]): number => calls.filter(([made]) => made === kind).length,
    fail(call: keyof VaultSession, id: number, name: ErrorName, options: { mayHaveHappened?: boolean } = {}): void {
      failures.set(`${call} ${id}`, new RelayError(name, `${name} by ${call}`, options));
    },
    opened(request: Partial<Omit<OpenRequest, 'approved'>> & Pick<OpenRequest, 'requestId' | 'accountId'>): void {
      lastId = Math.max(lastId, request.requestId);
      open.set(request.requestId, {
        systemId: 1,
        status: 'active',
        accessType: 'View',
        reason: '',
        createdAt: undefined,
        expiresAt: undefined,
        ...request,
      });
    },
  };
};

export const pageOf = (accounts: readonly Account[], complete = true): AccountPage => ({ accounts, complete });

/** A store in memory that remembers what was delivered and retired. */
export const fakeStore = (secrets: readonly StoredSecret[] = []) => {
  const presences = new Map<string, Presence>(
    secrets.map(({ name, currentVersionId }) => [name, { kind: 'owned', currentVersionId, retired: false }]),
  );
  const values = new Map<string, Secret<SecretContent>>();
  const deliveries: Delivery[] = [];
  const retired: string[] = [];
  const failures = new Map<string, ErrorName>();
  const failIfTold = (name: string): void => {
    const failure = failures.get(name);
    if (failure !== undefined) throw new RelayError(failure, `${failure} for ${name}`);
  };
  const store: SecretStore = {
    async *list() {
      yield [...presences].flatMap(([name, presence]) =>
        presence.kind === 'owned' ? { name, currentVersionId: presence.currentVersionId } : [],
      );
    },
    async inspect(name) {
      return presences.get(name) ?? { kind: 'absent' };
    },
    async readCurrent(name) {
      return values.get(name);
    },
    async deliver(delivery) {
      failIfTold(delivery.name);
      deliveries.push(delivery);
      presences.set(delivery.name, { kind: 'owned', currentVersionId: delivery.versionId, retired: false });
      values.set(delivery.name, delivery.value);
      return { versionId: delivery.versionId, changed: true };
    },
    async retire(name) {
      failIfTold(name);
      retired.push(name);
      return presences.delete(name);
    },
    adoptCommand: (name) => `adopt ${name}`,
  };
  return {
    store,
    presences,
    values,
    deliveries,
    retired,
    fail: (name: string, error: ErrorName) => failures.set(name, error),
  };
};

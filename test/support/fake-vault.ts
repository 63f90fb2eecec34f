import * as z from 'zod';
import type {
  Access,
  HeldLease,
  ItemPage,
  Leases,
  LeaseTerms,
  Offer,
  PlainReads,
  Preparation,
  Read,
  ReadTerms,
  Source,
  TargetSession,
  Vault,
  VaultSession,
} from '#shared/connections/vault.ts';
import { type Item, type ItemRef, isSameItem, type Labels } from '#shared/domain/item.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import { rulesOf } from '#test/support/fakes.ts';

/** Calls that the fake vault records. */
type CallName =
  | ('signIn' | 'signOut' | 'list' | 'find' | 'held' | 'offers' | 'open' | 'read' | 'close' | 'readPlain')
  | ('listSessions' | 'endSession');
type Call = readonly [CallName, ...unknown[]];

/** An offer without conditions. */
export const anOffer = (overrides: Partial<Offer> = {}): Offer => ({
  approvers: 0,
  needsTicket: false,
  handle: null,
  ...overrides,
});

/** End that the fake vault grants with each new lease. */
export const LEASE_ENDS_AT = '2026-03-01T14:00:00.000Z';
/** Times at which a plain read of the fake vault expires, and at which it closes a lease. */
export const ENDS_AT = '2026-01-02T04:15:00.000Z';
export const CLOSED_AT = '2026-01-02T04:00:00.000Z';

const refSchema = z.object({ kind: z.string(), id: z.string() });

/** All refs of an item: see `aliasOf`. */
const refsOf = ({ ref, handle }: Item): ItemRef[] => {
  const { data } = refSchema.safeParse(handle);
  return data === undefined ? [ref] : [data, ref];
};

/** Matches like Password Safe: by system and name, with the domain as a prefix or as a separate label. */
const isCalled = ({ labels }: Item, { systemName, accountName, domainName = '' }: Labels): boolean => {
  const wanted = domainName === '' ? accountName : `${domainName}\\${accountName}`;
  const own = labels['accountName'];
  return labels['systemName'] === systemName && (wanted === own || wanted === `${labels['domainName']}\\${own}`);
};

/** A vault with configurable answers that records its calls. */
export const fakeVault = (pages: readonly ItemPage[] = []) => {
  const calls: Call[] = [];
  const open = new Map<string, HeldLease>();
  const sessions = new Map<string, TargetSession>();
  const offers = new Map<string, readonly Offer[]>();
  const reads = new Map<string, Read>();
  const failures = new Map<string, RelayError>();
  const terms: (LeaseTerms & { readonly item: string })[] = [];
  const readTerms: ReadTerms[] = [];
  const listed: Source[] = [];
  const sinces: (string | undefined)[] = [];
  let preparation: Preparation | undefined;
  const hidden = new Set<string>();
  const unreadable = new Set<string>();
  let arePendingShared = false;
  let lastId = 100;
  const nextId = (): string => String(++lastId);

  /** Records a call, and throws the failure configured for the call and its `id`. */
  const record = (call: Call, id = ''): void => {
    calls.push(call);
    const failure = failures.get(`${call[0]} ${id}`);
    if (failure !== undefined && !failure.mayHaveHappened) throw failure;
  };

  const readItem = (rule: Source, id: string, about: Pick<TargetSession, 'leaseId'>): Read => {
    const configured = reads.get(id);
    if (configured !== undefined) return configured;
    const { opens, hasPassphrase } = rulesOf(rule);
    if (opens === 'target-session') {
      const targetSession = nextId();
      sessions.set(targetSession, { id: targetSession, item: { kind: 'account', id }, ...about });
      return { content: { secret: new Secret(`session ${targetSession} of ${id}`) }, targetSession };
    }
    const passphrase = hasPassphrase ? new Secret(`passphrase of ${id}`) : undefined;
    return { content: { secret: new Secret(`credential of ${id}`), passphrase } };
  };

  const readable = <T extends { readonly id: string }>(
    rows: readonly T[],
    onUnreadable: (error: RelayError) => void = (error) => {
      throw error;
    },
  ): T[] => {
    const read = rows.filter(({ id }) => !unreadable.has(id));
    if (read.length < rows.length) onUnreadable(new RelayError('AnswerMalformed', 'The list contains malformed rows.'));
    return read;
  };

  const leasesFor = (rule: Source): Leases => ({
    kind: 'leases',
    async offers({ ref }, minutes) {
      record(['offers', ref.id, minutes], ref.id);
      return offers.get(ref.id) ?? [anOffer()];
    },
    async open(item, leaseTerms) {
      const { id } = item.ref;
      terms.push({ ...leaseTerms, item: id });
      record(['open', id], id);
      const items = refsOf(item);
      const isFor = (lease: HeldLease) => lease.items.some((one) => items.some((other) => isSameItem(one, other)));
      const known = [...open.values()].find((lease) => (lease.status === 'active' || arePendingShared) && isFor(lease));
      if (known !== undefined) return { id: known.id, ours: false };
      const opened = nextId();
      const { opens } = rulesOf(rule);
      open.set(opened, { id: opened, items, status: 'active', opens, reason: leaseTerms.reason });
      const failure = failures.get(`open ${id}`);
      if (failure !== undefined) throw failure;
      return { id: opened, ours: true, endsAt: LEASE_ENDS_AT };
    },
    async read(leaseId, { ref }) {
      record(['read', leaseId], leaseId);
      const lease = open.get(leaseId);
      if (lease === undefined) throw new RelayError('LeaseGone', 'gone');
      if (lease.status === 'pending') throw new RelayError('ApprovalPending', 'pending');
      return readItem(rule, ref.id, { leaseId });
    },
    async held(onUnreadable) {
      record(['held']);
      return readable([...open.values()], onUnreadable).filter(({ id }) => !hidden.has(id));
    },
    async close(leaseId) {
      record(['close', leaseId], leaseId);
      open.delete(leaseId);
      return { at: CLOSED_AT };
    },
  });

  const plainReadsFor = (rule: Source): PlainReads => ({
    kind: 'plain-reads',
    async read({ ref: { id } }, plainTerms) {
      readTerms.push(plainTerms);
      record(['readPlain', id, plainTerms.minutes], id);
      const read = readItem(rule, id, {});
      return { endsAt: read.targetSession === undefined ? ENDS_AT : undefined, ...read };
    },
  });

  const accessFor = (rule: Source): Access => {
    const { accessKind } = rulesOf(rule);
    if (accessKind === 'leases') return leasesFor(rule);
    if (accessKind === 'plain-reads') return plainReadsFor(rule);
    throw new RangeError('The fake vault has no items that opening reads.');
  };

  const session: VaultSession = {
    async *list(source, within = {}, since) {
      listed.push(source);
      sinces.push(since);
      record(['list', within], Object.values(within).join());
      const isWithin = ({ labels }: Item) =>
        Object.entries(within).every(([label, text]) => labels[label]?.toLowerCase() === text.toLowerCase());
      for (const { items, ...page } of pages) yield { ...page, items: items.filter(isWithin) };
    },
    async find(_source, labels) {
      record(['find', labels]);
      const [found, other] = pages.flatMap(({ items }) => items).filter((item) => isCalled(item, labels));
      return other === undefined ? (found ?? 'none') : 'several';
    },
    access: accessFor,
    prepare: () => preparation,
    targetSessions: {
      async list(onUnreadable) {
        record(['listSessions']);
        return readable([...sessions.values()], onUnreadable);
      },
      async end(id) {
        record(['endSession', id], id);
        return sessions.delete(id);
      },
    },
  };
  const vault: Vault = {
    ensureSignIn: async () => ({ expiresAt: null }),
    async session(work) {
      record(['signIn']);
      try {
        return await work(session);
      } finally {
        calls.push(['signOut']);
      }
    },
    rules: rulesOf,
  };
  return {
    vault,
    calls,
    /** Terms of every requested lease. */
    terms,
    /** Terms of every plain read. */
    readTerms,
    /** The source of each list call. */
    listed,
    /** The time before which changes were known, of each list call. */
    sinces,
    open,
    sessions,
    /** Ids of leases missing from its list. */
    hidden,
    /** Ids of leases and target sessions whose rows are malformed. */
    unreadable,
    /** Shares pending leases, as some vaults do: another request for the same item returns the pending lease. */
    sharesPending(): void {
      arePendingShared = true;
    },
    /** The offers for an item. Default: one lease without conditions. */
    offers,
    /** The results of reading an item. Default: a credential or a target session. */
    reads,
    /** Number of calls of one kind. */
    count: (kind: CallName): number => calls.filter(([name]) => name === kind).length,
    /** The calls of these kinds, in order. */
    order: (...kinds: CallName[]): CallName[] => calls.map(([kind]) => kind).filter((kind) => kinds.includes(kind)),
    prepareWith(next: Preparation): void {
      preparation = next;
    },
    fail(call: CallName, id: string, name: ErrorName, options: { mayHaveHappened?: boolean } = {}): void {
      failures.set(`${call} ${id}`, new RelayError(name, `${name} by ${call}`, options));
    },
    /** Removes all configured failures. */
    heal(): void {
      failures.clear();
    },
    /** Adds an open lease for the item with this id. */
    opened({ item, ...lease }: Partial<Omit<HeldLease, 'items'>> & Pick<HeldLease, 'id'> & { item: string }): void {
      lastId = Math.max(lastId, Number(lease.id));
      const items = [{ kind: 'account', id: item }];
      open.set(lease.id, { items, status: 'active', opens: 'credential', reason: '', ...lease });
    },
  };
};

export const pageOf = (items: readonly Item[], complete = true): ItemPage => ({ items, complete });

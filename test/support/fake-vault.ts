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

/** What the vault can be asked. */
type CallName =
  | ('signIn' | 'signOut' | 'list' | 'find' | 'held' | 'offers' | 'open' | 'read' | 'close' | 'readPlain')
  | ('listSessions' | 'endSession');
type Call = readonly [CallName, ...unknown[]];

/** Conditions that cost nobody anything. */
export const anOffer = (overrides: Partial<Offer> = {}): Offer => ({
  approvers: 0,
  needsTicket: false,
  handle: null,
  ...overrides,
});

/** When a release by the fake vault ends by itself, and when it took a lease back. */
export const ENDS_AT = '2026-01-02T04:15:00.000Z';
export const CLOSED_AT = '2026-01-02T04:00:00.000Z';

const refSchema = z.object({ kind: z.string(), id: z.string() });

/** Everything that an item is called by: see `aliasOf`. */
const refsOf = ({ ref, handle }: Item): ItemRef[] => {
  const { data } = refSchema.safeParse(handle);
  return data === undefined ? [ref] : [data, ref];
};

/** As Password Safe does: by the system and the name, which may have its domain before it or beside it. */
const isCalled = ({ labels }: Item, { systemName, accountName, domainName = '' }: Labels): boolean => {
  const wanted = domainName === '' ? accountName : `${domainName}\\${accountName}`;
  const own = labels['accountName'];
  return labels['systemName'] === systemName && (wanted === own || wanted === `${labels['domainName']}\\${own}`);
};

/** A vault that answers as told and remembers what it was asked. */
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
  let preparation: Preparation | undefined;
  const hidden = new Set<string>();
  const unreadable = new Set<string>();
  let arePendingShared = false;
  let lastId = 100;
  const nextId = (): string => String(++lastId);

  /** Notes a call; `id` is of what it is about, by which it can be told to fail. */
  const made = (call: Call, id = ''): void => {
    calls.push(call);
    const failure = failures.get(`${call[0]} ${id}`);
    if (failure !== undefined && !failure.mayHaveHappened) throw failure;
  };

  const give = (rule: Source, id: string, about: Pick<TargetSession, 'leaseId'>): Read => {
    const told = reads.get(id);
    if (told !== undefined) return told;
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
    if (read.length < rows.length) onUnreadable(new RelayError('AnswerMalformed', 'It lists what nobody understands.'));
    return read;
  };

  const leasesFor = (rule: Source): Leases => ({
    kind: 'leases',
    async offers({ ref }, minutes) {
      made(['offers', ref.id, minutes], ref.id);
      return offers.get(ref.id) ?? [anOffer()];
    },
    async open(item, asked) {
      const { id } = item.ref;
      terms.push({ ...asked, item: id });
      made(['open', id], id);
      const items = refsOf(item);
      const isFor = (lease: HeldLease) => lease.items.some((one) => items.some((other) => isSameItem(one, other)));
      const known = [...open.values()].find((lease) => (lease.status === 'active' || arePendingShared) && isFor(lease));
      if (known !== undefined) return { id: known.id, ours: false };
      const opened = nextId();
      const { opens } = rulesOf(rule);
      open.set(opened, { id: opened, items, status: 'active', opens, reason: asked.reason });
      const failure = failures.get(`open ${id}`);
      if (failure !== undefined) throw failure;
      return { id: opened, ours: true };
    },
    async read(leaseId, { ref }) {
      made(['read', leaseId], leaseId);
      const lease = open.get(leaseId);
      if (lease === undefined) throw new RelayError('LeaseGone', 'gone');
      if (lease.status === 'pending') throw new RelayError('ApprovalPending', 'pending');
      return give(rule, ref.id, { leaseId });
    },
    async held(onUnreadable) {
      made(['held']);
      return readable([...open.values()], onUnreadable).filter(({ id }) => !hidden.has(id));
    },
    async close(leaseId) {
      made(['close', leaseId], leaseId);
      open.delete(leaseId);
      return { at: CLOSED_AT };
    },
  });

  const plainReadsFor = (rule: Source): PlainReads => ({
    kind: 'plain-reads',
    async read({ ref: { id } }, asked) {
      readTerms.push(asked);
      made(['readPlain', id, asked.minutes], id);
      const read = give(rule, id, {});
      return { endsAt: read.targetSession === undefined ? ENDS_AT : undefined, ...read };
    },
  });

  const accessFor = (rule: Source): Access => {
    const { wayIn } = rulesOf(rule);
    if (wayIn === 'leases') return leasesFor(rule);
    if (wayIn === 'plain-reads') return plainReadsFor(rule);
    throw new RangeError('The fake vault has no items that opening reads.');
  };

  const session: VaultSession = {
    async *list(source, within = {}) {
      listed.push(source);
      made(['list', within], Object.values(within).join());
      const isWithin = ({ labels }: Item) =>
        Object.entries(within).every(([label, text]) => labels[label]?.toLowerCase() === text.toLowerCase());
      for (const { items, complete } of pages) yield { items: items.filter(isWithin), complete };
    },
    async find(_source, labels) {
      made(['find', labels]);
      const [found, other] = pages.flatMap(({ items }) => items).filter((item) => isCalled(item, labels));
      return other === undefined ? (found ?? 'none') : 'several';
    },
    access: accessFor,
    prepare: () => preparation,
    targetSessions: {
      async list(onUnreadable) {
        made(['listSessions']);
        return readable([...sessions.values()], onUnreadable);
      },
      async end(id) {
        made(['endSession', id], id);
        return sessions.delete(id);
      },
    },
  };
  const vault: Vault = {
    ensureSignIn: async () => ({ expiresAt: null }),
    async session(work) {
      made(['signIn']);
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
    /** Of every lease that was asked for, and of every reading without one. */
    terms,
    readTerms,
    /** The rule of each list. */
    listed,
    open,
    sessions,
    /** Ids of leases that its list leaves out. */
    hidden,
    /** Ids of leases and target sessions that its lists show in a way that nobody understands. */
    unreadable,
    /** As some vaults do: whoever asks for what waits for an approval already is given the same lease. */
    sharesPending(): void {
      arePendingShared = true;
    },
    /** What is offered for an item; a lease without conditions when not set. */
    offers,
    /** What reading an item gives, where it is something else than its credential, or than a target session. */
    reads,
    /** How often one kind of call was made. */
    count: (kind: CallName): number => calls.filter(([made]) => made === kind).length,
    /** The order in which calls of these kinds were made. */
    order: (...kinds: CallName[]): CallName[] => calls.map(([kind]) => kind).filter((kind) => kinds.includes(kind)),
    prepareWith(how: Preparation): void {
      preparation = how;
    },
    fail(call: CallName, id: string, name: ErrorName, options: { mayHaveHappened?: boolean } = {}): void {
      failures.set(`${call} ${id}`, new RelayError(name, `${name} by ${call}`, options));
    },
    /** Lets everything work again. */
    heal(): void {
      failures.clear();
    },
    /** A lease that is there, for the item of this id. */
    opened({ item, ...lease }: Partial<Omit<HeldLease, 'items'>> & Pick<HeldLease, 'id'> & { item: string }): void {
      lastId = Math.max(lastId, Number(lease.id));
      const items = [{ kind: 'account', id: item }];
      open.set(lease.id, { items, status: 'active', opens: 'credential', reason: '', ...lease });
    },
  };
};

export const pageOf = (items: readonly Item[], complete = true): ItemPage => ({ items, complete });

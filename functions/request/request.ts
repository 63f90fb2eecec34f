import pMap from 'p-map';
import type { OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { opensRequests } from '#shared/config/sync-rules.ts';
import { type Account, type Alias, describeAccount } from '#shared/domain/account.ts';
import { describeDeliverable } from '#shared/domain/deliverable.ts';
import { requestTerms } from '#shared/domain/lease.ts';
import { isSameMarker, type Marker, readMarker, writeReason } from '#shared/domain/marker.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { type BatchItem, type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { type BatchProgress, type BatchRun, failedWith, type Lease, type Settled } from '#shared/workflow.ts';

export interface RequestDependencies {
  readonly relayId: string;
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly vaultFor: (sync: string) => Vault;
  readonly storeFor: (sync: string) => SecretStore;
  readonly records: Records;
}

/** Store look-ups and vault calls that wait in line at once; the vault's own limits are kept by its client. */
const IN_LINE = 64;

/** A request that the vault answered, or the error it ended in. */
type Attempt = Wanted &
  ({ readonly opened: { readonly requestId: number; readonly reused: boolean } } | { readonly error: RelayError });

/** An item that a request is needed for. */
interface Wanted {
  readonly item: number;
  readonly subject: Account | Alias;
}

/**
 * Opens a request for each item of a batch that the store really lacks; where reading needs no request, it only looks
 * into the store. Safe to repeat: what an earlier attempt opened comes back as reused, and the marker in its reason
 * shows that it is ours.
 */
export const createRequest =
  ({ relayId, syncs, vaultFor, storeFor, records }: RequestDependencies) =>
  async ({ run, order, batch }: BatchRun): Promise<BatchProgress> => {
    const { items } = await readRequired(records, recordAt.batch(order.sync, run, batch));
    const config = syncNamed(syncs, order.sync);
    const store = storeFor(order.sync);
    const settled = (
      await pMap(items, (item, index) => settleWithoutRequest(store, item, index, order.mode), {
        concurrency: IN_LINE,
      })
    ).filter((done) => done !== undefined);

    const done = new Set(settled.map(({ item }) => item));
    const wanted = [...items.entries()].flatMap(([item, { subject }]): Wanted[] =>
      done.has(item) || subject.kind === 'safe-secret' ? [] : [{ item, subject }],
    );
    if (config.source === 'secrets-safe' || !opensRequests(config)) {
      return { leases: [], settled: [...settled, ...wanted.flatMap(settleWithoutRole)], retired: 0 };
    }
    if (wanted.length === 0) return { leases: [], settled, retired: 0 };

    const marker = { relayId, run, batch };
    const reason = writeReason(order.sync, marker);
    return vaultFor(order.sync).withSession(async (session) => {
      const attempts = await pMap(wanted, (one) => attempt(session, one, config.requestMinutes, reason), {
        concurrency: IN_LINE,
      });
      const open = await listIfAnswered(session, attempts);
      const results = attempts.map((one) => classify(one, open, marker));
      return {
        leases: results.filter((result) => 'requestId' in result),
        settled: [...settled, ...results.filter((result) => 'outcome' in result)],
        retired: 0,
      };
    });
  };

/**
 * The store's list may lag behind, and a secret may belong to somebody else: look before it costs a checkout.
 * Undefined when the item does need a request.
 */
const settleWithoutRequest = async (
  store: SecretStore,
  { secretName, versionId, replaces, subject }: BatchItem,
  item: number,
  mode: 'changes' | 'verify',
): Promise<Settled | undefined> => {
  try {
    const found = await store.inspect(secretName);
    if (found.kind === 'foreign') {
      throw new RelayError(
        'SecretForeign',
        `The secret ${secretName}, which the sync would use for ${describeDeliverable(subject)}, is not the relay's. To hand it over, run: ${store.adoptCommand(secretName)}`,
      );
    }
    // A retired one is brought back by a delivery, whatever it holds.
    if (found.kind === 'absent' || found.retired) return undefined;
    const current = found.currentVersionId;
    if (current === versionId && mode === 'changes') return { item, outcome: 'unchanged' };
    if (current !== replaces && current !== versionId) {
      throw new RelayError(
        'DeliverySuperseded',
        `The secret ${secretName} has changed since the sync was planned. The next run looks again.`,
      );
    }
    return undefined;
  } catch (thrown) {
    return { item, ...failedWith(asRelayError(thrown, `Looking up ${secretName}`)) };
  }
};

/** The vault says beforehand whether its user may read an account by the ISA role: no call is needed to be refused. */
const settleWithoutRole = ({ item, subject }: Wanted): Settled[] => {
  if (subject.isaAccess) return [];
  const error = new RelayError(
    'NotRequestable',
    `The user has no ISA access to ${describeAccount(subject)}. Give it the ISA role on a Smart Rule with the account, or let the sync open requests: access: request.`,
  );
  return [{ item, ...failedWith(error) }];
};

const attempt = async (
  session: VaultSession,
  wanted: Wanted,
  requestMinutes: number,
  reason: string,
): Promise<Attempt> => {
  try {
    const opened = await session.openRequest(requestTerms(wanted.subject, requestMinutes, reason));
    return { ...wanted, opened };
  } catch (thrown) {
    return { ...wanted, error: asRelayError(thrown, `Requesting ${describeDeliverable(wanted.subject)}`) };
  }
};

/** One list tells for the whole batch what is pending, what is ours, and what became of answers that got lost. */
const listIfAnswered = async (session: VaultSession, attempts: readonly Attempt[]): Promise<readonly OpenRequest[]> => {
  const worthAsking = attempts.some((one) => 'opened' in one || mayBeOpen(one.error));
  if (!worthAsking) return [];
  try {
    return await session.listOpenRequests();
  } catch {
    // Then nothing is known to be ours but what the vault said so of; check-in finds the rest by the marker.
    return [];
  }
};

const mayBeOpen = (error: RelayError): boolean => error.mayHaveHappened || error.name === 'RequestConflict';

/** Whether a request of ours is for this account, or for this alias, wherever it pointed when the request was made. */
const isFor = ({ subject }: Wanted, row: OpenRequest): boolean =>
  subject.kind === 'alias'
    ? row.aliasId === subject.aliasId
    : row.systemId === subject.systemId && row.accountId === subject.accountId;

const classify = (one: Attempt, open: readonly OpenRequest[], marker: Marker): Lease | Settled => {
  const isOurs = (row: OpenRequest): boolean => isSameMarker(readMarker(row.reason), marker);
  if ('opened' in one) {
    const { requestId, reused } = one.opened;
    const row = open.find((candidate) => candidate.requestId === requestId);
    const owned = !reused || (row !== undefined && isOurs(row));
    return { item: one.item, requestId, owned, status: row?.status ?? 'active' };
  }
  const lost = mayBeOpen(one.error) ? open.find((row) => isOurs(row) && isFor(one, row)) : undefined;
  return lost === undefined
    ? { item: one.item, ...failedWith(one.error) }
    : { item: one.item, requestId: lost.requestId, owned: true, status: lost.status };
};

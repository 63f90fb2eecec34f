import pMap from 'p-map';
import type { OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { describeAccount } from '#shared/domain/account.ts';
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
type Attempt =
  | { readonly item: number; readonly opened: { readonly requestId: number; readonly reused: boolean } }
  | { readonly item: number; readonly error: RelayError };

/**
 * Opens a request for each item of a batch that the store really lacks. Safe to repeat: what an earlier attempt opened
 * comes back as reused, and the marker in its reason shows that it is ours.
 */
export const createRequest =
  ({ relayId, syncs, vaultFor, storeFor, records }: RequestDependencies) =>
  async ({ run, order, batch }: BatchRun): Promise<BatchProgress> => {
    const { items } = await readRequired(records, recordAt.batch(order.sync, run, batch));
    const store = storeFor(order.sync);
    const settled = (
      await pMap(items, (item, index) => settleWithoutRequest(store, item, index, order.mode), {
        concurrency: IN_LINE,
      })
    ).filter((done) => done !== undefined);

    const done = new Set(settled.map(({ item }) => item));
    const wanted = [...items.entries()].filter(([index]) => !done.has(index));
    if (wanted.length === 0) return { leases: [], settled, retired: 0 };

    const marker = { relayId, run, batch };
    const { requestMinutes } = syncNamed(syncs, order.sync);
    return vaultFor(order.sync).withSession(async (session) => {
      const attempts = await pMap(
        wanted,
        ([index, item]) => attempt(session, index, item, requestMinutes, writeReason(order.sync, marker)),
        {
          concurrency: IN_LINE,
        },
      );
      const open = await listIfAnswered(session, attempts);
      const results = attempts.map((one) => classify(one, items[one.item], open, marker));
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
  { secretName, versionId, replaces, account }: BatchItem,
  item: number,
  mode: 'changes' | 'verify',
): Promise<Settled | undefined> => {
  try {
    const found = await store.inspect(secretName);
    if (found.kind === 'foreign') {
      throw new RelayError(
        'SecretForeign',
        `The secret ${secretName}, which the sync would use for ${describeAccount(account)}, is not the relay's. To hand it over, run: ${store.adoptCommand(secretName)}`,
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

const attempt = async (
  session: VaultSession,
  item: number,
  { account }: BatchItem,
  requestMinutes: number,
  reason: string,
): Promise<Attempt> => {
  try {
    const opened = await session.openRequest(requestTerms(account, requestMinutes, reason));
    return { item, opened };
  } catch (thrown) {
    return { item, error: asRelayError(thrown, `Requesting ${describeAccount(account)}`) };
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

const classify = (
  one: Attempt,
  wanted: BatchItem | undefined,
  open: readonly OpenRequest[],
  marker: Marker,
): Lease | Settled => {
  const isOurs = (row: OpenRequest): boolean => isSameMarker(readMarker(row.reason), marker);
  if ('opened' in one) {
    const { requestId, reused } = one.opened;
    const row = open.find((candidate) => candidate.requestId === requestId);
    const owned = !reused || (row !== undefined && isOurs(row));
    return { item: one.item, requestId, owned, status: row?.status ?? 'active' };
  }
  const lost = mayBeOpen(one.error)
    ? open.find(
        (row) => isOurs(row) && row.systemId === wanted?.account.systemId && row.accountId === wanted.account.accountId,
      )
    : undefined;
  return lost === undefined
    ? { item: one.item, ...failedWith(one.error) }
    : { item: one.item, requestId: lost.requestId, owned: true, status: lost.status };
};

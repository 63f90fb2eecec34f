import pMap from 'p-map';
import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { describeAccount } from '#shared/domain/account.ts';
import { requestTerms } from '#shared/domain/lease.ts';
import { writeReason } from '#shared/domain/marker.ts';
import type { Rendering } from '#shared/domain/rendering.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { type BatchItem, type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { Secret } from '#shared/secret.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { type BatchProgress, type BatchRun, failedWith, type Lease, type Settled } from '#shared/workflow.ts';

export interface RetrieveDependencies {
  readonly relayId: string;
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly vaultFor: (sync: string) => Vault;
  readonly storeFor: (sync: string) => SecretStore;
  readonly renderingFor: (sync: string) => Rendering;
  readonly records: Records;
}

/** Items on their way at once. More than the vault takes at a time, so that it is busy while the store answers. */
const ON_THEIR_WAY = 64;

/** An item is not begun when less than this is left of the invocation: check-in has to learn of every lease. */
const LAST_MOMENT_MS = 30_000;

/**
 * Reads each leased credential and delivers it: rendered, written, read back, promoted. The one step that sees a
 * credential, and the one that may write to a store, which is why it retires orphans, too. Safe to repeat: version ids
 * come from generations, so a second delivery finds the first.
 */
export const createRetrieve =
  ({ relayId, syncs, vaultFor, storeFor, renderingFor, records }: RetrieveDependencies) =>
  async (
    { run, order, batch, requested }: BatchRun & { requested: BatchProgress },
    { remainingMs }: StepContext,
  ): Promise<BatchProgress> => {
    const { items, retire } = await readRequired(records, recordAt.batch(order.sync, run, batch));
    const { requestMinutes, orphans } = syncNamed(syncs, order.sync);
    const store = storeFor(order.sync);
    const rendering = renderingFor(order.sync);
    const reason = writeReason(order.sync, { relayId, run, batch });

    const takeIn = async (session: VaultSession, lease: Lease): Promise<Taken> => {
      const item = items[lease.item];
      if (item === undefined) throw new RelayError('ContractViolated', `Batch ${batch} has no item ${lease.item}.`);
      if (lease.status === 'pending') return { lease, settled: { item: lease.item, outcome: 'approvalRequired' } };
      const held = { lease };
      try {
        if (remainingMs() < LAST_MOMENT_MS) {
          throw new RelayError('OutOfTime', 'The step ran out of time; the next run goes on. Use a smaller batchSize.');
        }
        const ask = () => session.openRequest(requestTerms(item.account, requestMinutes, reason));
        const credential = await readWithin(session, held, ask);
        const outcome = await deliver(store, item, rendering.render(item.account, credential), order.mode);
        return { ...held, settled: { item: lease.item, outcome } };
      } catch (thrown) {
        return { ...held, settled: { item: lease.item, ...outcomeOf(thrown, item) } };
      }
    };

    const taken =
      requested.leases.length === 0
        ? []
        : await vaultFor(order.sync).withSession((session) =>
            pMap(requested.leases, (lease) => takeIn(session, lease), { concurrency: ON_THEIR_WAY }),
          );
    return {
      leases: taken.map(({ lease }) => lease),
      settled: [...requested.settled, ...taken.map(({ settled }) => settled)],
      retired: orphans.policy === 'delete' ? await retireAll(store, retire, orphans.recoveryDays) : 0,
    };
  };

interface Taken {
  readonly lease: Lease;
  readonly settled: Settled;
}

/**
 * The credential under a lease. A lease that somebody else opened may end under our hands; then we ask anew, once, and
 * what we hold from then on is either ours or, again, somebody's.
 */
const readWithin = async (
  session: VaultSession,
  held: { lease: Lease },
  ask: () => ReturnType<VaultSession['openRequest']>,
): Promise<Secret> => {
  try {
    return await session.readCredential(held.lease.requestId);
  } catch (thrown) {
    const lost = thrown instanceof RelayError && thrown.name === 'LeaseGone';
    if (!lost || held.lease.owned) throw thrown;
    const { requestId, reused } = await ask();
    held.lease = { ...held.lease, requestId, owned: !reused };
    return await session.readCredential(requestId);
  }
};

/** A verify run compares first, and writes only what differs. */
const deliver = async (
  store: SecretStore,
  { account, secretName: name, versionId, replaces }: BatchItem,
  value: Secret,
  mode: 'changes' | 'verify',
): Promise<'delivered' | 'unchanged'> => {
  if (mode === 'verify' && replaces !== undefined && (await store.readCurrent(name))?.equals(value)) return 'unchanged';
  const description = `Credential of ${describeAccount(account)}, delivered by pam-relay.`;
  await store.deliver({ name, value, versionId, replaces, description });
  return 'delivered';
};

const outcomeOf = (thrown: unknown, { account }: BatchItem): Pick<Settled, 'outcome' | 'failure'> => {
  const error = asRelayError(thrown, `Delivering ${describeAccount(account)}`);
  return error.name === 'ApprovalPending' ? { outcome: 'approvalRequired' } : failedWith(error);
};

const retireAll = async (store: SecretStore, names: readonly string[], recoveryDays: number): Promise<number> => {
  const retired = await pMap(names, (name) => store.retire(name, recoveryDays), { concurrency: 4 });
  return retired.filter(Boolean).length;
};

import pMap from 'p-map';
import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { opensRequests } from '#shared/config/sync-rules.ts';
import { describeDeliverable } from '#shared/domain/deliverable.ts';
import { writeReason } from '#shared/domain/marker.ts';
import type { Rendering } from '#shared/domain/rendering.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { type BatchItem, type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { type BatchProgress, type BatchRun, failedWith, type Settled } from '#shared/workflow.ts';
import { byLease, byRole, type Reader, type Taking, toldBy } from './readers.ts';
import { createSafeReader } from './safe-reader.ts';

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
 * Reads each credential and delivers it: rendered, written, read back, promoted. The one step that sees a credential, and
 * the one that may write to a store, which is why it retires orphans, too. Safe to repeat: version ids come from
 * generations, so a second delivery finds the first.
 */
export const createRetrieve =
  ({ relayId, syncs, vaultFor, storeFor, renderingFor, records }: RetrieveDependencies) =>
  async (
    { run, order, batch, requested }: BatchRun & { requested: BatchProgress },
    { remainingMs }: StepContext,
  ): Promise<BatchProgress> => {
    const { items, retire } = await readRequired(records, recordAt.batch(order.sync, run, batch));
    const config = syncNamed(syncs, order.sync);
    const store = storeFor(order.sync);
    const rendering = renderingFor(order.sync);
    const reason = writeReason(order.sync, { relayId, run, batch });

    const takeIn = async (read: Reader, taking: Taking): Promise<Settled> => {
      const item = items[taking.item];
      if (item === undefined) throw new RelayError('ContractViolated', `Batch ${batch} has no item ${taking.item}.`);
      if (taking.lease?.status === 'pending') return { ...toldBy(taking), outcome: 'approvalRequired' };
      try {
        if (remainingMs() < LAST_MOMENT_MS) {
          throw new RelayError('OutOfTime', 'The step ran out of time; the next run goes on. Use a smaller batchSize.');
        }
        const value = rendering.render(item.subject, await read(item, taking));
        const outcome = await deliver(store, item, value, order.mode);
        return { ...toldBy(taking), outcome };
      } catch (thrown) {
        return { ...toldBy(taking), ...outcomeOf(thrown, item) };
      }
    };

    const takings = opensRequests(config)
      ? requested.leases.map((lease): Taking => ({ item: lease.item, lease }))
      : unsettled(items, requested.settled);
    const taken =
      takings.length === 0
        ? []
        : await vaultFor(order.sync).withSession((session) => {
            const read = readerFor(
              session,
              config,
              reason,
              takings.flatMap(({ item }) => items[item] ?? []),
            );
            return pMap(takings, (taking) => takeIn(read, taking), { concurrency: ON_THEIR_WAY });
          });
    return {
      leases: takings.flatMap(({ lease }) => lease ?? []),
      settled: [...requested.settled, ...taken],
      retired: config.orphans.policy === 'delete' ? await retireAll(store, retire, config.orphans.recoveryDays) : 0,
    };
  };

/** What is still to be done where nothing had to be asked for. */
const unsettled = (items: readonly BatchItem[], settled: readonly Settled[]): Taking[] => {
  const done = new Set(settled.map(({ item }) => item));
  return [...items.keys()].filter((item) => !done.has(item)).map((item) => ({ item }));
};

const readerFor = (session: VaultSession, config: SyncConfig, reason: string, items: readonly BatchItem[]): Reader => {
  if (config.source === 'secrets-safe') return createSafeReader(session, config.apiVersion, items);
  const rules = { kind: config.credential, requestMinutes: config.requestMinutes, reason };
  return opensRequests(config) ? byLease(session, rules) : byRole(session, rules);
};

/** A verify run compares first, and writes only what differs. */
const deliver = async (
  store: SecretStore,
  { subject, secretName: name, versionId, replaces }: BatchItem,
  value: Secret<SecretContent>,
  mode: 'changes' | 'verify',
): Promise<'delivered' | 'unchanged'> => {
  if (mode === 'verify' && replaces !== undefined && (await store.readCurrent(name))?.equals(value)) return 'unchanged';
  const what = subject.kind === 'safe-secret' ? 'Secret' : 'Credential of';
  const description = `${what} ${describeDeliverable(subject)}, delivered by pam-relay.`;
  await store.deliver({ name, value, versionId, replaces, description });
  return 'delivered';
};

const outcomeOf = (thrown: unknown, { subject }: BatchItem): Pick<Settled, 'outcome' | 'failure'> => {
  const error = asRelayError(thrown, `Delivering ${describeDeliverable(subject)}`);
  return error.name === 'ApprovalPending' ? { outcome: 'approvalRequired' } : failedWith(error);
};

const retireAll = async (store: SecretStore, names: readonly string[], recoveryDays: number): Promise<number> => {
  const retired = await pMap(names, (name) => store.retire(name, recoveryDays), { concurrency: 4 });
  return retired.filter(Boolean).length;
};

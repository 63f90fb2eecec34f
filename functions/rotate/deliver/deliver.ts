import type { Notify } from '#shared/aws/alerts.ts';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';
import { nextLookDelayMs } from '#shared/domain/checkout/next-action.ts';
import type { Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import type { StartNamedRun } from '#shared/messages/named-runs.ts';
import { type Records, recordAt } from '#shared/records/records.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { type RotationDelivery, type RotationItems, rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { findUndelivered } from '#shared/rotation/deliveries.ts';
import { endTurns } from '#shared/rotation/end-turns.ts';
import { heldItemsOf } from '#shared/rotation/held-items.ts';
import { openHolds } from '#shared/rotation/holds.ts';
import { openLedger, rotationOf } from '#shared/rotation/ledger.ts';
import { findLeft } from '#shared/rotation/old-credential.ts';
import type { Advanced, RotateStepInput } from '#shared/workflows/rotate.ts';

export interface DeliverRotatedDependencies {
  readonly config: RelayConfig;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly shared: SharedRecords;
  readonly records: Pick<Records, 'read'>;
  readonly startNamedRun: StartNamedRun;
  readonly notify: Notify;
  /** Called with the error of a notice about a failed test that was not sent. */
  readonly onUnnotified: (error: RelayError) => void;
  /** True while a run of a sync has not ended. */
  readonly isRunning: (run: string) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A run that lasts longer is not waited for. */
const MAX_DELIVERY_MS = 6 * 3_600_000;

/**
 * Starts the syncs of rotated items, and looks at those that were started. A start that was not recorded is repeated:
 * the second run finds nothing to deliver. Repeatable.
 */
export const createDeliverRotated =
  ({
    config,
    rulesOf,
    shared,
    records,
    startNamedRun,
    notify,
    onUnnotified,
    isRunning,
    now,
  }: DeliverRotatedDependencies) =>
  async (input: RotateStepInput): Promise<Advanced> => {
    const ledger = await openLedger(shared, input);
    const rule = ruleOf(config, 'rotate', input.rule);
    const { address } = await rulesOf(rule.connection, rule);
    const items = (await shared.read(rotationAt.items(input, ledger.progress)))?.record.items ?? {};
    const holds = openHolds({
      records: shared,
      place: holdsAt(config, rule.connection),
      run: rotationOf(input, ledger.progress),
      items: heldItemsOf(ledger, items),
      notify,
      onUnnotified,
      now,
    });
    // If Advance died before it did both, the syncs would leave alone what has rotated, or deliver the other account.
    await endTurns(ledger, shared, rule.connection);
    await holds.settle(ledger.progress.state);

    const lookAt = async (delivery: RotationDelivery): Promise<RotationDelivery> => {
      const { sync, run, startedAt, status } = delivery;
      if (status !== undefined) return delivery;
      const runs = await isRunning(run);
      if (runs && now() - startedAt < MAX_DELIVERY_MS) return delivery;
      const report = runs ? undefined : await records.read(recordAt.report({ rule: sync, run }));
      return { ...delivery, status: report?.status ?? 'LOST', left: findLeft(delivery, items, report) };
    };
    const known = await Promise.all(ledger.progress.deliveries.map(lookAt));

    const started = new Map<string, RotationDelivery>();
    for (const { id, sync } of findUndelivered(ledger.progress, items)) {
      const run = await startNamedRun(sync, addressOf(items, id, address));
      const key = `${sync} ${run}`;
      const delivery = started.get(key) ?? { sync, run, ids: [], startedAt: now() };
      started.set(key, { ...delivery, ids: [...delivery.ids, id] });
    }
    const deliveries = [...known, ...started.values()];
    await ledger.write({ ...ledger.progress, deliveries });
    const { waitSeconds = 0, turn = 0 } = input.advanced ?? {};
    return { next: 'wait', waitSeconds: waitFor(deliveries, waitSeconds, now()), turn };
  };

/** Seconds until the next look at the runs, or until `Advance` has something to do: `vaultSeconds`, if it has. */
const waitFor = (deliveries: readonly RotationDelivery[], vaultSeconds: number, now: number): number => {
  const running = deliveries.filter(({ status }) => status === undefined);
  const looks = running.map(({ startedAt }) => Math.ceil(nextLookDelayMs(startedAt, now) / 1000));
  const waits = [...looks, ...(vaultSeconds > 0 ? [vaultSeconds] : [])];
  return waits.length === 0 ? 0 : Math.min(...waits);
};

/** Labels by which a sync finds the item. */
const addressOf = (items: RotationItems['items'], id: string, address: AddressRules | undefined): Labels => {
  const labels = items[id]?.labels;
  if (labels === undefined || address === undefined) {
    throw new RelayError('ContractViolated', `The rotated item ${id} has no address. Run the sync of the item.`);
  }
  return Object.fromEntries(Object.entries(labels).filter(([label]) => address.labels.includes(label)));
};

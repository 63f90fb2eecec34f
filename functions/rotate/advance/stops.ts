import type { RotationConfig } from '#shared/config/schema.ts';
import { withStop } from '#shared/domain/rotation/state.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { Ledger } from '#shared/rotation/ledger.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';

const HOUR_MS = 3_600_000;

export interface StopOptions {
  readonly records: Pick<SharedRecords, 'read'>;
  readonly ledger: Ledger;
  readonly input: Pick<RotateStepInput, 'rule' | 'order' | 'startedAt'>;
  readonly rule: Pick<RotationConfig, 'window'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Creates the check that records a stop: by a message that was sent after the start of the execution, or because the
 * window of a scheduled one is over. An execution that continues another one has its start. It comes before each start
 * of an item. Repeatable.
 */
export const createStopIfAsked =
  ({ records, ledger, input: { rule: name, order, startedAt }, rule, now }: StopOptions) =>
  async (): Promise<void> => {
    const { progress } = ledger;
    const { items, stop } = progress.state;
    if (stop !== undefined || items.every(({ status }) => status !== 'waiting')) return;
    const began = Date.parse(order.continues?.startedAt ?? startedAt);
    const message = (await records.read(rotationAt.stop(name)))?.record;
    if (message !== undefined && message.at >= began) {
      return ledger.write({ ...progress, state: withStop(progress.state, 'message', now()) });
    }
    const { hours } = rule.window ?? {};
    if (order.trigger === 'schedule' && hours !== undefined && now() >= began + hours * HOUR_MS) {
      return ledger.write({ ...progress, state: withStop(progress.state, 'window', now()) });
    }
  };

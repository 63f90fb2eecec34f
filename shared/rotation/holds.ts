import type { Notify } from '#shared/aws/alerts.ts';
import {
  type Claim,
  claimItems,
  type HeldItems,
  type Holds,
  noHolds,
  type RotationRun,
  settleHolds,
  unnotified,
  withNotified,
} from '#shared/domain/rotation/holds.ts';
import type { RotationState } from '#shared/domain/rotation/state.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

const MINUTE_MS = 60_000;

/** Time that a function may take to test a change that shows at its deadline, with a margin for its clock. */
const TEST_MS = 16 * MINUTE_MS;

/** Time until which a hold lasts if nothing ends it before. `startedAt` is in epoch milliseconds. Pure. */
export const holdUntil = (startedAt: number, { deadlineMinutes }: { readonly deadlineMinutes: number }): number =>
  startedAt + deadlineMinutes * MINUTE_MS + TEST_MS;

/** The holds of a run on the items of its vault. */
export interface RunHolds {
  /**
   * Claims items before they are changed. Returns the rotations that are changing the other ones, by key. Repeatable.
   */
  claim(claims: readonly Claim[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Brings the holds up to date with the progress of the run, once for each progress, and notifies people of each
   * failed test. Repeatable.
   */
  settle(state: RotationState): Promise<void>;
}

export interface RunHoldsOptions {
  readonly records: SharedRecords;
  readonly place: RecordPlace<Holds>;
  readonly run: RotationRun;
  readonly items: HeldItems;
  readonly notify: Notify;
  /** Called with the error of a notice that was not sent. */
  readonly onUnnotified: (error: RelayError) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Opens the holds of a run. Both calls raise as {@link changeRecord}. */
export const openHolds = ({ records, place, run, items, notify, onUnnotified, now }: RunHoldsOptions): RunHolds => {
  const { rule } = run;
  let settled: RotationState | undefined;

  const change = async (decide: (holds: Holds) => Holds): Promise<Holds> =>
    changeRecord<Holds, Holds>(records, place, (known) => {
      const current = known ?? noHolds();
      const next = decide(current);
      return { next: next === current ? undefined : next, result: next };
    });

  /** A topic that accepts nothing must not stop the rotation. The next step tries again, and the report follows. */
  const tell = async (failed: ReturnType<typeof unnotified>): Promise<void> => {
    try {
      await notify(`pam-relay: rotation ${rule}: a new credential failed its test`, [
        `Rotation ${rule}, run ${run.run}: the target refused the new credential of these accounts.`,
        ...failed.map(({ title, changedAt }) => `${title}, changed at ${changedAt}.`),
        'No sync delivers them. Check the accounts on their targets, then test them again with this message:',
        `{"type":"rotation.requested","rotation":"${rule}","id":"retest-1","retest":true}`,
      ]);
      await change((holds) => withNotified(holds, failed, now()));
    } catch (thrown) {
      onUnnotified(asRelayError(thrown, 'Notifying of a failed test'));
    }
  };

  return {
    claim: (claims) =>
      changeRecord<Holds, ReadonlyMap<string, string>>(records, place, (known) => {
        const current = known ?? noHolds();
        const { holds, taken } = claimItems(current, run, claims, now());
        return { next: holds === current ? undefined : holds, result: taken };
      }),

    async settle(state) {
      if (state === settled) return;
      const holds = await change((current) => settleHolds(current, run, state, items, now()));
      settled = state;
      const failed = unnotified(holds, rule);
      if (failed.length > 0) await tell(failed);
    },
  };
};

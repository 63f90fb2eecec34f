import { type ActiveRotation, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { RotateStepInput, RotationPlanned } from '#shared/workflows/rotate.ts';

type ClaimInput = Pick<RotateStepInput, 'rule' | 'run' | 'order' | 'startedAt'>;

/** Result of a claim. */
export type Claimed =
  /** `continues`: run whose rotation this one continues. */
  | { readonly status: 'claimed'; readonly continues?: string | undefined }
  | { readonly status: Exclude<RotationPlanned['status'], 'planned'> };

/**
 * Claims the rule, unless an execution that can still change credentials holds it. A scheduled execution does not wait
 * for it, and does not begin while an earlier rotation has to be resumed. Repeatable.
 */
export const claimRule = async (
  records: SharedRecords,
  { rule, run, order, startedAt }: ClaimInput,
  isRunning: (run: string) => Promise<boolean>,
): Promise<Claimed> => {
  const place = rotationAt.active(rule);
  const held = (await records.read(place))?.record;
  const isOurs = held?.run === run && !held.ended;
  const isSchedule = order.trigger === 'schedule' && order.continues === undefined;
  const others = { status: isSchedule ? 'skipped' : 'busy' } as const;
  if (held !== undefined && !held.ended && !isOurs && (await isRunning(held.run))) return others;
  const stop = (await records.read(rotationAt.stop(rule)))?.record;
  // The rotation that it continues may have started items, so it has to notice the stop itself.
  const isContinued = order.continues !== undefined;
  if (!isOurs && !isContinued && stop !== undefined && stop.at >= Date.parse(startedAt)) return { status: 'stopped' };
  // Its own plan is already recorded.
  const claimed: Claimed =
    held?.unfinished === run ? { status: 'claimed' } : await intentOf(records, { rule, run, order }, held?.unfinished);
  if (claimed.status !== 'claimed') return claimed;
  const isClaimed = await changeRecord<ActiveRotation, boolean>(records, place, (current) => {
    if (current !== undefined && !current.ended && current.run === run) return { result: true };
    // Another execution can have claimed the rule since.
    const isSame = current?.run === held?.run && current?.unfinished === held?.unfinished;
    return isSame ? { next: { ...current, run, ended: false }, result: true } : { result: false };
  });
  return isClaimed ? claimed : others;
};

/** Decides if an order begins a rotation, or continues the unfinished one. */
const intentOf = async (
  records: SharedRecords,
  { rule, run, order: { trigger, resume, continues } }: Omit<ClaimInput, 'startedAt'>,
  unfinished: string | undefined,
): Promise<Claimed> => {
  if (continues !== undefined) {
    const isOver = await isContinuedByAnother(records, { rule, run, earlier: continues.run });
    return isOver ? { status: 'nothing' } : { status: 'claimed', continues: continues.run };
  }
  const progress = unfinished && (await records.read(rotationAt.progress({ rule, run: unfinished })))?.record;
  if (!progress) return { status: resume === undefined ? 'claimed' : 'nothing' };
  if (resume !== undefined) return { status: 'claimed', continues: unfinished };
  if (trigger !== 'schedule') return { status: 'claimed' };
  // A person who stopped it, or who corrects what made it fail, decides when it goes on.
  return progress.state.stop?.reason === 'window' ? { status: 'claimed', continues: unfinished } : { status: 'halted' };
};

/** True if another run has begun with the rotation, as a resume does that got its turn first. */
const isContinuedByAnother = async (
  records: SharedRecords,
  { rule, run, earlier }: { readonly rule: string; readonly run: string; readonly earlier: string },
): Promise<boolean> => {
  const other = (await records.read(rotationAt.progress({ rule, run: earlier })))?.record.continuedBy;
  if (other === undefined || other === run) return false;
  return (await records.read(rotationAt.progress({ rule, run: other }))) !== undefined;
};

/**
 * Records that a resume continues this run from now on. A rotation of single items does not replace an unfinished one,
 * and neither does the execution that continues it. Repeatable.
 */
export const markUnfinished = (records: SharedRecords, { rule, run, order }: ClaimInput): Promise<void> =>
  changeRecord<ActiveRotation, void>(records, rotationAt.active(rule), (active) => {
    const { items, ticket, checkout, retest, continues } = order;
    const isPart = [items, ticket, checkout].some((selection) => selection !== undefined) || retest === true;
    const isOfAnother = continues !== undefined && active?.unfinished !== continues.run;
    const isKept = active?.unfinished === run || ((isPart || isOfAnother) && active?.unfinished !== undefined);
    const isOurs = active?.run === run && !active.ended;
    return { next: isOurs && !isKept ? { ...active, unfinished: run } : undefined, result: undefined };
  });

import { outcomeOf, type Reported } from '#shared/domain/rotation/progress.ts';
import type { Report } from '#shared/records/records.ts';
import type {
  OldCredential,
  RotationDelivery,
  RotationItems,
  RotationProgress,
} from '#shared/records/rotation-record.ts';
import { findRotated } from '#shared/rotation/deliveries.ts';

/** Targets that hold an old credential in the report of a rotation. It counts the others. */
const MAX_TARGETS = 1000;

type Items = RotationItems['items'];

const targetsOf = (items: Items, id: string): Items[string]['targets'] =>
  (Object.hasOwn(items, id) ? items[id]?.targets : undefined) ?? [];

/**
 * Targets of a delivery that the ended run of its sync does not report as current; all of them without a report. A
 * secret under another name does not count, except that of a pair, whose name can depend on the active account. Pure.
 */
export const findLeft = (
  { sync, ids }: Pick<RotationDelivery, 'sync' | 'ids'>,
  items: Items,
  report: Pick<Report, 'current'> | undefined,
): NonNullable<RotationDelivery['left']> => {
  const current = new Map((report?.current ?? []).map(({ item, store, name }) => [`${store} ${item}`, name]));
  return ids.flatMap((id) =>
    targetsOf(items, id)
      .filter((target) => target.sync === sync)
      .filter(({ store, name }) => {
        const found = current.get(`${store} ${id}`);
        return found === undefined || (found !== name && items[id]?.members === undefined);
      })
      .map(({ store }) => ({ id, store })),
  );
};

/** Reason for which no run of the sync has brought the target of a rotated item up to date; undefined if one has. */
const obstacleIn = (
  deliveries: readonly RotationDelivery[],
  { id, sync, store }: { readonly id: string; readonly sync: string; readonly store: string },
): string | undefined => {
  const delivery = deliveries.findLast((one) => one.sync === sync && one.ids.includes(id));
  if (delivery === undefined) return 'It rotated, and no run of the sync was started. Run the sync.';
  const { run, status, left } = delivery;
  if (status === undefined) return `It rotated, and the run ${run} of the sync has not ended.`;
  const isCurrent = left !== undefined && !left.some((one) => one.id === id && one.store === store);
  return isCurrent ? undefined : `It rotated, and the run ${run} of the sync has not delivered it: ${status}.`;
};

/** Reason for which the targets of an item that did not rotate are old. */
const endOf = ({ status, reason = '' }: Reported): string => `It ended as ${outcomeOf(status)}. ${reason}`.trim();

/** Targets that may still hold an old credential, and how many of them belong to items that have rotated. */
export interface FoundOld {
  readonly old: OldCredential;
  readonly ofRotated: number;
}

/**
 * Finds the targets that may still hold an old credential: all those of an item that did not rotate, and those of a
 * rotated one that no run of its sync has brought up to date. Calls no store. Pure.
 */
export const findOldCredential = (
  progress: Pick<RotationProgress, 'state' | 'followers' | 'deliveries'>,
  items: Items,
  reported: readonly Reported[],
): FoundOld => {
  const rotated = new Set(findRotated(progress));
  const found = reported.flatMap((item) =>
    targetsOf(items, item.id).flatMap((target) => {
      const isRotated = rotated.has(item.id);
      const reason = isRotated ? obstacleIn(progress.deliveries, { id: item.id, ...target }) : endOf(item);
      return reason === undefined ? [] : [{ isRotated, target: { item: item.title, ...target, reason } }];
    }),
  );
  return {
    old: { count: found.length, targets: found.slice(0, MAX_TARGETS).map(({ target }) => target) },
    ofRotated: found.filter(({ isRotated }) => isRotated).length,
  };
};

import type { RotationItems, RotationProgress } from '#shared/records/rotation-record.ts';

/** A rotated item and a sync that has yet to deliver it. */
export interface Undelivered {
  readonly id: string;
  readonly sync: string;
}

/** Rotated items, and those that changed together with one, in the order of the state. Pure. */
export const findRotated = ({ state, followers }: Pick<RotationProgress, 'state' | 'followers'>): string[] => {
  const rotated = new Set(state.items.flatMap(({ id, status }) => (status === 'rotated' ? [id] : [])));
  return state.items.flatMap(({ id }) =>
    rotated.has(Object.hasOwn(followers, id) ? (followers[id] ?? id) : id) ? [id] : [],
  );
};

/** Rotated items, and those that changed together with one, for which no run of a sync was started, by sync. Pure. */
export const findUndelivered = (
  { deliveries, ...progress }: Pick<RotationProgress, 'state' | 'followers' | 'deliveries'>,
  items: RotationItems['items'],
): Undelivered[] => {
  const started = new Set(deliveries.flatMap(({ sync, ids }) => ids.map((id) => `${sync} ${id}`)));
  return findRotated(progress)
    .flatMap((id) => (items[id]?.syncs ?? []).map((sync) => ({ id, sync })))
    .filter(({ id, sync }) => !started.has(`${sync} ${id}`));
};

/** True if there are deliveries to start, or to wait for. Pure. */
export const hasDeliveries = (progress: RotationProgress, items: RotationItems['items']): boolean =>
  progress.deliveries.some(({ status }) => status === undefined) || findUndelivered(progress, items).length > 0;

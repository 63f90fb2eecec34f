import type { RotationConfig } from '#shared/config/schema.ts';
import { type AddressRules, createIsAddressed, describeAddress } from '#shared/domain/addressing.ts';
import type { Labels } from '#shared/domain/item.ts';
import { estimateRest } from '#shared/domain/rotation/estimate.ts';
import { resume } from '#shared/domain/rotation/state.ts';
import { RelayError } from '#shared/errors.ts';
import { type RotationItems, type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { ResumeOrder } from '#shared/workflows/rotate.ts';

export interface ContinueOptions {
  readonly records: SharedRecords;
  readonly rule: string;
  /** Run that continues the rotation. */
  readonly run: string;
  /** Run whose rotation is continued. */
  readonly earlier: string;
  readonly settings: RotationConfig;
  readonly address: AddressRules | undefined;
  /** Undefined if the rotation goes on as it is, also with its stop. */
  readonly wishes: ResumeOrder | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Items and progress with which a run begins. */
export interface Continued {
  readonly content: RotationItems;
  readonly progress: Omit<RotationProgress, 'plan'>;
}

/**
 * Takes over the rotation of an earlier run where it ended, with every item and what became of it. From then on, a late
 * function of the earlier run records nothing, so it starts nothing either. Repeatable.
 */
export const continueRotation = async ({
  records,
  rule,
  run,
  earlier,
  settings,
  address,
  wishes,
  now,
}: ContinueOptions): Promise<Continued> => {
  const place = rotationAt.progress({ rule, run: earlier });
  const taken = await changeRecord<RotationProgress, RotationProgress>(records, place, (known) => {
    if (known === undefined) throw missing(place.key);
    if (known.continuedBy === run) return { result: known };
    const next = { ...known, writes: known.writes + 1, continuedBy: run };
    return { next, result: next };
  });
  const itemsPlace = rotationAt.items({ rule, run: earlier }, taken);
  const items = (await records.read(itemsPlace))?.record;
  if (items === undefined) throw missing(itemsPlace.key);

  const { continuedBy: _, plan: __, ...progress } = taken;
  const origin = taken.origin ?? earlier;
  if (wishes === undefined) return { content: items, progress: { ...progress, writes: 0, origin } };
  const { acceptFailures } = wishes;
  const retry = findAddressed(items, wishes.retry, address);
  const { state, refused } = resume(taken.state, settings, { acceptFailures, retry: retry.ids, now: now() });
  const retried = new Set(retry.ids.filter((id) => !refused.includes(id)));
  return {
    content: {
      ...items,
      estimateSeconds: estimateRest(state, settings).seconds,
      notes: [
        ...items.notes,
        ...retry.unknown.map((labels) => `The rotation has no item ${describeAddress(labels)}, so it is not retried.`),
        ...refused.map((id) => `${items.items[id]?.title ?? id} has not failed, so it is not retried.`),
      ],
    },
    progress: {
      ...progress,
      writes: 0,
      state,
      refusals: without(taken.refusals, retried),
      inspections: without(taken.inspections ?? {}, retried),
      tests: without(taken.tests, retried),
      // A run that has not delivered everything is repeated.
      deliveries: taken.deliveries.filter(({ status = 'SUCCEEDED' }) => status === 'SUCCEEDED'),
      origin,
    },
  };
};

const missing = (key: string): RelayError =>
  new RelayError('ContractViolated', `The record ${key} is missing. Request a new rotation: rotation.requested.`);

const without = <T>(all: Readonly<Record<string, T>>, ids: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([id]) => !ids.has(id)));

/** Ids of the items with these addresses, and the addresses of none. */
const findAddressed = (
  { items }: RotationItems,
  addresses: readonly Labels[],
  address: AddressRules | undefined,
): { readonly ids: readonly string[]; readonly unknown: readonly Labels[] } => {
  const found = addresses.map((labels) => {
    const isAddressed = address === undefined ? () => false : createIsAddressed(address, [labels]);
    return { labels, ids: Object.entries(items).flatMap(([id, item]) => (isAddressed(item.labels) ? [id] : [])) };
  });
  return {
    ids: found.flatMap(({ ids }) => ids),
    unknown: found.flatMap(({ labels, ids }) => (ids.length === 0 ? [labels] : [])),
  };
};

import type { ResourceWork, Wanted } from '#shared/connections/resource.ts';
import type { Holding } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { findOwn, isOwn } from '#shared/provisioning/find-own.ts';
import { type PreparedResource, wantedOf } from '#shared/provisioning/prepared.ts';
import type { HeldSubject } from '#shared/provisioning/subject-record.ts';

export interface TakeBackOptions {
  readonly subject: HeldSubject;
  readonly work: ResourceWork;
  readonly mark: string;
}

/**
 * Outcome of one resource. `kept`: it is not ours any more; `occupied`: it was released, because someone else has put
 * objects into it; `gone`: it did not exist.
 */
export type TakenBack = 'removed' | 'released' | 'restored' | 'kept' | 'occupied' | 'gone';

/**
 * Takes one resource back: deletes what the relay made, releases what it adopted, restores what it changed in an object
 * without a mark. Checks the owner again immediately before. Then removes the resource from the record. Repeatable.
 */
export const takeBack = async (resource: PreparedResource, options: TakeBackOptions): Promise<TakenBack> => {
  const { subject } = options;
  const held = subject.current().holdings[resource.name];
  const taken = await takeBackFound(resource, held, options);
  if (held !== undefined) await subject.drop(resource.name);
  return taken;
};

const takeBackFound = async (
  resource: PreparedResource,
  held: Holding | undefined,
  { subject, work, mark }: TakeBackOptions,
): Promise<TakenBack> => {
  const { holdings } = subject.current();
  // Nothing can exist inside a parent that was never made.
  if (
    !Object.values(resource.references)
      .flat()
      .every((name) => holdings[name]?.id !== undefined)
  )
    return 'gone';
  const wanted = wantedOf(resource, holdings);
  if (!resource.type.keepsMark) {
    return held === undefined ? 'gone' : restore(work, wanted, held);
  }
  const found = await findOwn(work, wanted, { held, mark });
  if (found === undefined) return 'gone';
  if (!isOwn(found, { held, mark })) return 'kept';
  if (held?.how === 'adopted') {
    await work.setMark?.(wanted, found, undefined);
    return 'released';
  }
  // Whatever is still inside was not made for this subject.
  const inside = (await work.inside?.(found.id)) ?? [];
  if (inside.length > 0) {
    await work.setMark?.(wanted, found, undefined);
    return 'occupied';
  }
  await work.remove(found.id);
  return 'removed';
};

/** An object that connects others ends with them. */
const restore = async (work: ResourceWork, wanted: Wanted, { earlier }: Holding): Promise<TakenBack> => {
  try {
    await work.restore?.(wanted, earlier);
    return 'restored';
  } catch (error) {
    if (error instanceof RelayError && error.name === 'NotFound') return 'gone';
    throw error;
  }
};

import type { Found, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import type { Holding } from '#shared/domain/blueprint/subject.ts';

interface OwnerOf {
  readonly held: Holding | undefined;
  readonly mark: string;
}

/** True for an object that belongs to the subject: by its mark, or by the record if it can have none. Pure. */
export const isOwn = (found: Found, { held, mark }: OwnerOf): boolean =>
  found.mark === mark ||
  (found.isUnmarkable === true && found.mark === undefined && held?.id !== undefined && held.id === found.id);

/**
 * Finds an object of a subject: by its natural key, or by its recorded id if someone has renamed it. The object can
 * have another mark, or none. Repeatable.
 */
export const findOwn = async (
  work: ResourceWork,
  wanted: Wanted,
  { held, mark }: OwnerOf,
): Promise<Found | undefined> => {
  const found = await work.find(wanted);
  if (found?.mark === mark || held?.id === undefined || held.id === found?.id) return found;
  return (await work.read?.(held.id)) ?? found;
};

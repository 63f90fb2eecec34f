import type { ResourceWork } from '#shared/connections/resource.ts';
import { differencesIn } from '#shared/domain/blueprint/fields.ts';
import type { Subject } from '#shared/domain/blueprint/subject.ts';
import { isOwn } from '#shared/provisioning/find-own.ts';
import { type PreparedResource, wantedOf } from '#shared/provisioning/prepared.ts';

/** A difference that someone else has made. `setting` is `missing` or `mark`, or a setting of the resource. */
export interface Drift {
  /** Name of the resource in the blueprint. */
  readonly resource: string;
  readonly setting: string;
}

export interface CompareOptions {
  readonly holdings: Subject['holdings'];
  readonly work: ResourceWork;
  readonly mark: string;
}

/** Compares one resource with the remote system. Only reads. Repeatable. */
export const compare = async (
  resource: PreparedResource,
  { holdings, work, mark }: CompareOptions,
): Promise<readonly Drift[]> => {
  const drift = (setting: string): Drift => ({ resource: resource.name, setting });
  // A resource that was added to the blueprint since is not there yet, nor is anything inside it.
  const references = Object.values(resource.references).flat();
  if (holdings[resource.name]?.id === undefined || references.some((name) => holdings[name]?.id === undefined)) {
    return [drift('missing')];
  }
  const wanted = wantedOf(resource, holdings);
  const found = await work.find(wanted);
  if (found === undefined) return [drift('missing')];
  const differences = differencesIn(await work.desired(wanted), found.fields).map(({ setting }) => drift(setting));
  const held = holdings[resource.name];
  return resource.type.keepsMark && !isOwn(found, { held, mark }) ? [drift('mark'), ...differences] : differences;
};

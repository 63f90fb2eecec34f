import type { Provider } from '#shared/connections/provider.ts';
import { RelayError } from '#shared/errors.ts';
import { type PreparedResource, wantedOf } from '#shared/provisioning/prepared.ts';
import { openResources, type WorkOn } from '#shared/provisioning/resource-work.ts';
import type { Applied } from '#shared/workflows/provision.ts';
import type { TaskContext } from './task.ts';

export interface ProofDependencies {
  readonly providerOf: (connection: string) => Promise<Provider>;
}

/**
 * Tests that the objects work. Returns the reasons why accounts cannot be checked out, which a rule that the vault has
 * not processed yet explains as well. Raises `ResourceUnproven` if the vault cannot log on with an account: this is
 * tested once, because each failure counts towards a lockout.
 */
export const prove = async (
  context: TaskContext,
  resources: readonly PreparedResource[],
  { providerOf }: ProofDependencies,
  { waitingSince }: Applied,
): Promise<readonly string[]> => {
  const { credentials, access } = context.blueprint.proof;
  const isFirstLook = waitingSince === undefined;
  const failuresOf = async (workOn: WorkOn, by: 'prove' | 'proveAccess'): Promise<string[]> => {
    const { holdings } = context.subject.current();
    const failures: string[] = [];
    for (const resource of resources) {
      const id = holdings[resource.name]?.id;
      const work = workOn(resource.typeName);
      const result = id === undefined ? undefined : await work[by]?.(wantedOf(resource, holdings), id);
      if (result?.proven === false) failures.push(`resources.${resource.name}: ${result.reason}`);
    }
    return failures;
  };
  const refused = credentials && isFirstLook ? await failuresOf(context.workOn, 'prove') : [];
  if (refused.length > 0) throw new RelayError('ResourceUnproven', refused.join(' '));
  if (access === undefined) return [];
  const reader = await providerOf(access);
  return reader.session(async (session) => failuresOf(await openResources(session), 'proveAccess'));
};

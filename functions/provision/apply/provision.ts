import type { Initial } from '#shared/connections/resource.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { needsProof } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { initialPasswordOf, type PreparedResource, wantedOf } from '#shared/provisioning/prepared.ts';
import { type Provided, provide } from '#shared/provisioning/provide.ts';
import { openResources, type WorkOn } from '#shared/provisioning/resource-work.ts';
import type { Secret } from '#shared/secret.ts';
import type { Applied } from '#shared/workflows/provision.ts';
import { finish, goOn, hasTime, markIn, type TaskContext, waitFor, withNotes } from './task.ts';

export interface ProvisionDependencies {
  readonly vaultOf: (connection: string) => Promise<Vault>;
  /** Reads an initial password that an operator has stored. Raises `BootstrapUnusable`. */
  readonly readPassword: (secret: string) => Promise<Secret>;
}

/** First wait for a late effect; each further wait is longer, up to the maximum. */
const FIRST_WAIT_SECONDS = 10;
const MAX_WAIT_SECONDS = 60;
/** A vault that has not processed a change by then needs a person. */
const MAX_SETTLE_MS = 30 * 60_000;

const COUNTED = { made: 'made', adopted: 'made', changed: 'changed', unchanged: 'unchanged' } as const satisfies Record<
  Provided,
  keyof Applied
>;

/**
 * Brings the resources of a subject to their wanted state, one after the other, then proves that they work
 * if any was made or changed. Continues
 * at `progress.position`. Repeatable.
 */
export const provisionSubject = async (
  context: TaskContext,
  resources: readonly PreparedResource[],
  dependencies: ProvisionDependencies,
  progress: Applied,
): Promise<Applied> => {
  let current = progress;
  for (const resource of resources.slice(progress.position)) {
    if (!hasTime(context)) return current;
    const isFirstLook = current.waitingSince === undefined;
    if (isFirstLook) {
      const counted = COUNTED[await provideOne(context, resource, dependencies)];
      current = { ...current, [counted]: current[counted] + 1 };
    }
    if ((await settle(context, resource)) === 'pending') return waitForLateEffect(context, resource, current);
    current = { ...goOn(current), position: current.position + 1 };
  }
  if (needsProof(context.subject.current())) await prove(context, resources, dependencies);
  return finish(withNotes(current, leftOver(context, resources)));
};

const provideOne = (
  context: TaskContext,
  resource: PreparedResource,
  { readPassword }: ProvisionDependencies,
): Promise<Provided> =>
  provide(resource, {
    subject: context.subject,
    work: context.workOn(resource.typeName),
    mark: markIn(context, resource),
    run: context.run,
    initial: () => initialOf(resource, readPassword),
  });

const initialOf = async (
  resource: PreparedResource,
  readPassword: ProvisionDependencies['readPassword'],
): Promise<Initial | undefined> => {
  const initial = initialPasswordOf(resource);
  return initial?.from === 'secret' ? { from: 'secret', value: await readPassword(initial.secret) } : initial;
};

const settle = async (context: TaskContext, resource: PreparedResource): Promise<'done' | 'pending'> => {
  const { holdings } = context.subject.current();
  const id = holdings[resource.name]?.id;
  const work = context.workOn(resource.typeName);
  if (id === undefined || work.settle === undefined) return 'done';
  return work.settle(wantedOf(resource, holdings), id, initialPasswordOf(resource)?.from);
};

const waitForLateEffect = (context: TaskContext, { name, typeName }: PreparedResource, progress: Applied): Applied => {
  const now = context.now();
  const waitedMs = progress.waitingSince === undefined ? 0 : now - Date.parse(progress.waitingSince);
  if (waitedMs > MAX_SETTLE_MS) {
    throw new RelayError(
      'ResourceUnproven',
      `The vault has not finished the ${typeName} resources.${name} within ${MAX_SETTLE_MS / 60_000} minutes. Check the queue of its change agent, and send the message again with a later position.`,
    );
  }
  const seconds = Math.min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS + Math.round(waitedMs / 2000));
  return waitFor(progress, seconds, now);
};

/** Raises `ResourceUnproven`, with every resource that does not work. */
const prove = async (
  context: TaskContext,
  resources: readonly PreparedResource[],
  { vaultOf }: ProvisionDependencies,
): Promise<void> => {
  const { proof } = context.blueprint;
  const { holdings } = context.subject.current();
  const failures: string[] = [];
  const test = async (workOn: WorkOn, by: 'prove' | 'proveAccess'): Promise<void> => {
    for (const resource of resources) {
      const id = holdings[resource.name]?.id;
      const work = workOn(resource.typeName);
      const result = id === undefined ? undefined : await work[by]?.(wantedOf(resource, holdings), id);
      if (result?.proven === false) failures.push(`resources.${resource.name}: ${result.reason}`);
    }
  };
  if (proof.credentials) await test(context.workOn, 'prove');
  if (proof.access !== undefined) {
    const reader = await vaultOf(proof.access);
    await reader.session(async (session) => test(await openResources(session), 'proveAccess'));
  }
  if (failures.length > 0) throw new RelayError('ResourceUnproven', failures.join(' '));
};

/** Resources that the blueprint does not contain any more. They are deleted together with the subject. */
const leftOver = ({ subject }: TaskContext, resources: readonly PreparedResource[]): string[] =>
  Object.entries(subject.current().holdings)
    .filter(([name]) => !resources.some((resource) => resource.name === name))
    .map(
      ([name, { type }]) =>
        `The ${type} resources.${name} is not in the blueprint any more. It is kept until the subject is deprovisioned.`,
    );

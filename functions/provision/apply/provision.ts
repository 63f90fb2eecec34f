import type { Provider } from '#shared/connections/provider.ts';
import type { Initial } from '#shared/connections/resource.ts';
import { isSuperseded, needsProof } from '#shared/domain/blueprint/subject.ts';
import { prefixed, RelayError } from '#shared/errors.ts';
import { initialPasswordOf, type PreparedResource, wantedOf } from '#shared/provisioning/prepared.ts';
import { type Provided, provide } from '#shared/provisioning/provide.ts';
import type { Secret } from '#shared/secret.ts';
import type { Applied } from '#shared/workflows/provision.ts';
import { prove } from './prove.ts';
import { finish, goOn, hasTime, markIn, type TaskContext, waitFor, withNotes } from './task.ts';

export interface ProvisionDependencies {
  readonly providerOf: (connection: string) => Promise<Provider>;
  /** Reads an initial password that an operator has stored. Raises `BootstrapUnusable`. */
  readonly readPassword: (secret: string) => Promise<Secret>;
}

/** First wait for a late effect; each further wait is longer, up to a maximum. */
const FIRST_WAIT_SECONDS = 10;

interface Patience {
  readonly maxWaitSeconds: number;
  /** A vault that is not done by then needs a person. */
  readonly maxMinutes: number;
}
/** For the change of a credential. */
const OF_CHANGES: Patience = { maxWaitSeconds: 60, maxMinutes: 30 };
/** For the rules of the vault, which it processes every hour by default. */
const OF_RULES: Patience = { maxWaitSeconds: 300, maxMinutes: 120 };

const COUNTED = { made: 'made', adopted: 'made', changed: 'changed', unchanged: 'unchanged' } as const satisfies Record<
  Provided,
  keyof Applied
>;

/**
 * Brings the resources of a subject to their wanted state, one after the other, then proves that they work if any was
 * made or changed. Continues at `progress.position`. Repeatable.
 */
export const provisionSubject = async (
  context: TaskContext,
  resources: readonly PreparedResource[],
  dependencies: ProvisionDependencies,
  progress: Applied,
): Promise<Applied> => {
  // What is not settled or proven yet can wait for a later order, which perhaps ends the access.
  if (progress.waitingSince !== undefined && isSuperseded(context.subject.current())) return finish(progress);
  let current = progress;
  for (const resource of resources.slice(progress.position)) {
    if (!hasTime(context)) return current;
    const isFirstLook = current.waitingSince === undefined;
    if (isFirstLook) {
      const counted = COUNTED[await provideOne(context, resource, dependencies)];
      current = { ...current, [counted]: current[counted] + 1 };
    }
    if ((await settle(context, resource)) === 'pending')
      return waitOrFail(context, current, OF_CHANGES, late(resource));
    current = { ...goOn(current), position: current.position + 1 };
  }
  if (needsProof(context.subject.current())) {
    const failures = await prove(context, resources, dependencies, current);
    if (failures.length > 0) return waitOrFail(context, current, OF_RULES, failures.join(' '));
  }
  return finish(withNotes(current, leftOver(context, resources)));
};

const provideOne = async (
  context: TaskContext,
  resource: PreparedResource,
  { readPassword }: ProvisionDependencies,
): Promise<Provided> => {
  try {
    return await provide(resource, {
      subject: context.subject,
      work: context.workOn(resource.typeName),
      mark: markIn(context, resource),
      attempt: context.attempt,
      initial: () => initialOf(resource, readPassword),
    });
  } catch (thrown) {
    throw thrown instanceof RelayError ? ofResource(resource, thrown) : thrown;
  }
};

/** Adds the name of the resource, because the vault knows none. */
const ofResource = ({ name, typeName }: PreparedResource, error: RelayError): RelayError =>
  error.message.includes(`resources.${name}`) ? error : prefixed(`The ${typeName} resources.${name}`, error);

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

const late = ({ name, typeName }: PreparedResource): string =>
  `The vault has not finished the ${typeName} resources.${name} within ${OF_CHANGES.maxMinutes} minutes. Check the queue of its change agent, and send the message again with a later position.`;

/** Waits for an effect that may only be late. Raises `ResourceUnproven` if it has been late for too long. */
const waitOrFail = (
  { now }: TaskContext,
  progress: Applied,
  { maxWaitSeconds, maxMinutes }: Patience,
  reason: string,
): Applied => {
  const waitedMs = progress.waitingSince === undefined ? 0 : now() - Date.parse(progress.waitingSince);
  if (waitedMs > maxMinutes * 60_000) throw new RelayError('ResourceUnproven', reason);
  const seconds = Math.min(maxWaitSeconds, FIRST_WAIT_SECONDS + Math.round(waitedMs / 2000));
  return waitFor(progress, seconds, now());
};

/** Resources that the blueprint does not contain any more. They are deleted together with the subject. */
const leftOver = ({ subject }: TaskContext, resources: readonly PreparedResource[]): string[] =>
  Object.entries(subject.current().holdings)
    .filter(([name]) => !resources.some((resource) => resource.name === name))
    .map(
      ([name, { type }]) =>
        `The ${type} resources.${name} is not in the blueprint any more. It is kept until the subject is deprovisioned.`,
    );

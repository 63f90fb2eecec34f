import type { Target } from '#shared/domain/plan/batch.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { Expected, SecretStore } from '#shared/stores/store.ts';

/** `verify` compares values first and writes only those that differ, or that cannot be read. */
export type DeliveryMode = 'changes' | 'verify';

/**
 * Inspects a target before its credential is read, because the store's list can lag behind and the secret can have
 * another owner. True if the target already holds the stamp and its value is not to be verified. Raises
 * `SecretForeign`, `DeliverySuperseded`, and the errors of the store; repeatable.
 */
export const isUpToDate = async (
  store: Pick<SecretStore, 'inspect' | 'adoption'>,
  { name, stamp, expected }: Target,
  mode: DeliveryMode,
  title: string,
): Promise<boolean> => {
  const found = await store.inspect(name);
  if (found.kind === 'foreign') {
    throw foreignSecret({ ...found, name, for: title, command: store.adoption(name, found) });
  }
  // A delivery restores a retired secret, whatever its content.
  if (found.kind === 'absent' || found.retired) return false;
  // The delivery that has this stamp may have died. The next one compares the value, and confirms or replaces it.
  if (found.unconfirmed === true && (found.stamp === stamp || expected === 'unstamped')) return false;
  if (found.stamp === stamp) return mode === 'changes';
  if (found.stamp === stampIn(expected)) return false;
  throw new RelayError(
    'DeliverySuperseded',
    `The secret ${name} has changed since the sync was planned. The next run checks it again.`,
  );
};

const stampIn = (expected: Expected): string | undefined => (typeof expected === 'string' ? undefined : expected.stamp);

/**
 * Current state of a name, as the fence of a delivery. Raises `SecretForeign`, and the errors of the store; repeatable.
 *
 * @param checkStamp Raises for a stamp that must not be overwritten, even if its secret is retired.
 */
export const expectedNow = async (
  store: Pick<SecretStore, 'inspect' | 'adoption'>,
  name: string,
  title: string,
  checkStamp: (stamp: Stamp) => void = () => {},
): Promise<Expected> => {
  const found = await store.inspect(name);
  if (found.kind === 'foreign') {
    throw foreignSecret({ ...found, name, for: title, command: store.adoption(name, found) });
  }
  if (found.kind === 'absent') return 'absent';
  if (found.stamp !== undefined) checkStamp(found.stamp);
  if (found.retired) return 'absent';
  return found.stamp === undefined ? 'unstamped' : { stamp: found.stamp };
};

/** Result of a target. The warning is a sentence for the report about something beside the value. */
export interface TargetResult {
  readonly outcome: 'delivered' | 'unchanged';
  readonly warning?: string | undefined;
}

/** Delivers one value to one target. Raises the errors of the store; repeatable. */
export const deliverTo = async (
  store: Pick<SecretStore, 'deliver' | 'holds' | 'complete'>,
  { name, stamp, expected }: Target,
  value: Secret<SecretContent>,
  mode: DeliveryMode,
  description: string,
): Promise<TargetResult> => {
  const mayHoldIt = mode === 'verify' && stampIn(expected) !== undefined;
  if (mayHoldIt && (await store.holds(name, value)) === true) {
    return { outcome: 'unchanged', warning: await store.complete?.(name) };
  }
  const { warning } = await store.deliver({ name, value, stamp, expected, description });
  return { outcome: 'delivered', warning };
};

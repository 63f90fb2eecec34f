import type { Target } from '#shared/domain/plan/batch.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { Expected, SecretStore } from '#shared/stores/store.ts';

/** `verify` compares values first, and writes only what differs. */
export type DeliveryMode = 'changes' | 'verify';

/**
 * Looks at a target before its credential is read: the store's list may lag behind, and a secret may belong to somebody else.
 * True when it holds the stamp already. Raises `SecretForeign`, `DeliverySuperseded`, and what the store raises; repeatable.
 */
export const isUpToDate = async (
  store: Pick<SecretStore, 'inspect' | 'adoption'>,
  { name, stamp, expected }: Target,
  mode: DeliveryMode,
  title: string,
): Promise<boolean> => {
  const found = await store.inspect(name);
  if (found.kind === 'foreign') {
    throw foreignSecret({ name, for: title, command: store.adoption(name) });
  }
  // A retired one is restored by a delivery, whatever it holds.
  if (found.kind === 'absent' || found.retired) return false;
  if (found.stamp === stamp) return mode === 'changes';
  if (found.stamp === stampIn(expected)) return false;
  throw new RelayError(
    'DeliverySuperseded',
    `The secret ${name} has changed since the sync was planned. The next run looks again.`,
  );
};

const stampIn = (expected: Expected): string | undefined => (typeof expected === 'string' ? undefined : expected.stamp);

/**
 * State of a name now, as a delivery's fence. Raises `SecretForeign`, and what the store raises; repeatable.
 *
 * @param checkStamp Raises for a stamp that is not to be delivered over, be its secret retired or not.
 */
export const expectedNow = async (
  store: Pick<SecretStore, 'inspect' | 'adoption'>,
  name: string,
  title: string,
  checkStamp: (stamp: Stamp) => void = () => {},
): Promise<Expected> => {
  const found = await store.inspect(name);
  if (found.kind === 'foreign') {
    throw foreignSecret({ name, for: title, command: store.adoption(name) });
  }
  if (found.kind === 'absent') return 'absent';
  if (found.stamp !== undefined) checkStamp(found.stamp);
  if (found.retired) return 'absent';
  return found.stamp === undefined ? 'unstamped' : { stamp: found.stamp };
};

/** Delivers one value into one target. Raises what the store raises; repeatable. */
export const deliverTo = async (
  store: Pick<SecretStore, 'deliver' | 'holds'>,
  { name, stamp, expected }: Target,
  value: Secret<SecretContent>,
  mode: DeliveryMode,
  description: string,
): Promise<'delivered' | 'unchanged'> => {
  const mayHoldIt = mode === 'verify' && stampIn(expected) !== undefined;
  if (mayHoldIt && (await store.holds(name, value)) === true) return 'unchanged';
  await store.deliver({ name, value, stamp, expected, description });
  return 'delivered';
};

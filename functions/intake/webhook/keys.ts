import * as z from 'zod';
import type { OperatorSecret } from '#shared/aws/operator-secret.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import type { Scheme } from '#shared/webhooks/scheme.ts';

/** Content of the secret of a route. Two keys are live while the sender changes from one to the other. */
const MAX_KEYS = 2;
const contentSchema = z.object({ keys: z.array(z.string()).min(1).max(MAX_KEYS) });
export const KEYS_SHAPE = '{"keys": ["…"]}';

/** Time for which keys are used without another look. */
const FRESH_MS = 5 * 60_000;
/** Time after which keys that verified nothing are read again, because the operator may have replaced them. */
const RETRY_MS = 10_000;

export interface KeysDependencies {
  readonly read: (secret: string) => Promise<OperatorSecret>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface LiveKeys {
  readonly keys: readonly Secret[];
  /** True if they were read long enough ago to be read again after a request that they did not verify. */
  readonly mayBeOld: boolean;
}

const parse = (secret: string, { value }: OperatorSecret, scheme: Scheme): readonly Secret[] => {
  const unusable = (problem: string): RelayError =>
    new RelayError('BootstrapUnusable', `The keys ${secret} ${problem}. Write ${KEYS_SHAPE} into the secret.`);
  let json: unknown;
  try {
    json = JSON.parse(value.reveal());
  } catch {
    throw unusable('are not JSON');
  }
  const { data } = contentSchema.safeParse(json);
  if (data === undefined) throw unusable(`are not a list of one or ${MAX_KEYS} texts under "keys"`);
  const keys = data.keys.map((key) => new Secret(key));
  const problem = keys.map(scheme.keyProblem).find((found) => found !== undefined);
  if (problem !== undefined) throw unusable(`cannot be used: ${problem}`);
  return keys;
};

/**
 * Keeps the keys of routes for minutes. Raises `BootstrapUnusable` for a secret that an operator has to correct, and
 * the errors of the store.
 */
export const createKeys = ({ read, now }: KeysDependencies) => {
  const known = new Map<string, { readonly keys: readonly Secret[]; readonly readAt: number }>();
  return async (secret: string, scheme: Scheme, { isRetry = false } = {}): Promise<LiveKeys> => {
    const found = known.get(secret);
    const age = found === undefined ? Number.POSITIVE_INFINITY : now() - found.readAt;
    if (found !== undefined && age < (isRetry ? RETRY_MS : FRESH_MS)) {
      return { keys: found.keys, mayBeOld: age >= RETRY_MS };
    }
    const keys = parse(secret, await read(secret), scheme);
    known.set(secret, { keys, readAt: now() });
    return { keys, mayBeOld: false };
  };
};

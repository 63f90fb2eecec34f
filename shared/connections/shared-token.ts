import type { TokenCache } from '#shared/aws/token-cache.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { Secret } from '#shared/secret.ts';

export type TokenOwner = Pick<TokenCache, 'get' | 'drop'>;

/** Runs a call with the current token. */
export type WithToken = <T>(call: (token: Secret) => Promise<T>) => Promise<T>;

const isSessionLost = (error: unknown): boolean =>
  error instanceof RelayError && error.name === 'SessionLost' && !error.mayHaveHappened;

/**
 * Opens a session with the token that all functions share. A token that is refused (`SessionLost`) is renewed once, for
 * all calls of the session together; a second refusal is final.
 */
export const openSharedToken = async (tokens: TokenOwner): Promise<WithToken> => {
  let current = Promise.resolve(await tokens.get());
  let isRenewed = false;

  const renew = async (refused: Secret): Promise<Secret> => {
    try {
      await tokens.drop(refused);
      return await tokens.get();
    } catch (thrown) {
      // The refused call had no effect, even if a token may have been made.
      const { name, message } = asRelayError(thrown, 'Renewing the token');
      throw new RelayError(name, message, { cause: thrown });
    }
  };

  /** Successor of a refused token: the existing one, a new one, or undefined if no other is allowed. */
  const successorOf = (refused: Promise<Secret>, token: Secret): Promise<Secret> | undefined => {
    if (refused !== current) return current;
    if (isRenewed) return undefined;
    isRenewed = true;
    current = renew(token);
    return current;
  };

  return async (call) => {
    const used = current;
    const token = await used;
    try {
      return await call(token);
    } catch (error) {
      const next = isSessionLost(error) ? successorOf(used, token) : undefined;
      if (next === undefined) throw error;
      return call(await next);
    }
  };
};

import type { TokenCache } from '#shared/aws/token-cache.ts';
import type { Hour } from '#shared/connections/sra/hour.ts';
import { CLOSED_AFTER } from '#shared/connections/sra/wire.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { answeredAtMs } from '#shared/http/answer.ts';
import type { Call, Http, Reply } from '#shared/http/http.ts';
import type { Secret } from '#shared/secret.ts';

export interface SessionOptions {
  readonly connection: string;
  /** Origin of the site. */
  readonly origin: string;
  readonly http: Http;
  readonly tokens: Pick<TokenCache, 'get' | 'drop'>;
  readonly hour: Hour;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Describes the site for an error about a missing permission; empty if nothing is known. Never throws. */
  readonly describeSite: (token: Secret) => Promise<string>;
}

/** Calls with the token of the API account. */
export interface Session {
  readonly connection: string;
  readonly origin: string;
  readonly hour: Hour;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Later one of our clock and that of the site, as its last answer showed it. Epoch milliseconds. */
  readonly latestNow: () => number;
  /** Sends a call like {@link Http.send}. A token that the site refuses is renewed once, for all calls together. */
  send<T>(call: Omit<Call<T>, 'headers'>): Promise<Reply<T>>;
}

const isNamed = (error: unknown, name: RelayError['name']): error is RelayError =>
  error instanceof RelayError && error.name === name;

/**
 * Runs the work with the token that all functions share. There is nothing to sign out of. Raises `SignInRefused` if the
 * site refuses the API account, which is final for the whole session.
 */
export const withSession = async <T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> => {
  const { connection, origin, http, tokens, hour, now, describeSite } = options;
  let current = Promise.resolve(await tokens.get());
  let isRenewed = false;
  let aheadMs = 0;

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

  const sendWith = <U>(token: Secret, call: Omit<Call<U>, 'headers'>): Promise<Reply<U>> =>
    http.send({
      ...call,
      headers: { ...CLOSED_AFTER, authorization: token.map((text) => `Bearer ${text}`) },
      interpret: (answer, name) => {
        hour.note(answer.headers);
        aheadMs = Math.max(0, (answeredAtMs(answer) ?? answer.receivedAtMs) - answer.receivedAtMs);
        return call.interpret(answer, name);
      },
    });

  const explained = async (error: unknown, token: Secret): Promise<unknown> => {
    if (!isNamed(error, 'PermissionMissing')) return error;
    const site = await describeSite(token);
    return site === '' ? error : new RelayError(error.name, `${error.message} ${site}`, { cause: error });
  };

  const send: Session['send'] = async (call) => {
    const used = current;
    const token = await used;
    try {
      return await sendWith(token, call);
    } catch (error) {
      const next = isNamed(error, 'SessionLost') && !error.mayHaveHappened ? successorOf(used, token) : undefined;
      if (next === undefined) throw await explained(error, token);
      return await sendWith(await next, call);
    }
  };

  return work({ connection, origin, hour, now, latestNow: () => now() + aheadMs, send });
};

import { openSharedToken, type TokenOwner } from '#shared/connections/shared-token.ts';
import type { Hour } from '#shared/connections/sra/hour.ts';
import { CLOSED_AFTER } from '#shared/connections/sra/wire.ts';
import { RelayError } from '#shared/errors.ts';
import { answeredAtMs } from '#shared/http/answer.ts';
import type { Call, Http, Reply } from '#shared/http/http.ts';
import type { Secret } from '#shared/secret.ts';

export interface SessionOptions {
  readonly connection: string;
  /** Origin of the site. */
  readonly origin: string;
  readonly http: Http;
  readonly tokens: TokenOwner;
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
  const withToken = await openSharedToken(tokens);
  let aheadMs = 0;

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

  const send: Session['send'] = (call) =>
    withToken(async (token) => {
      try {
        return await sendWith(token, call);
      } catch (error) {
        throw await explained(error, token);
      }
    });

  return work({ connection, origin, hour, now, latestNow: () => now() + aheadMs, send });
};

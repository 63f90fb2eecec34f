import { openSharedToken, type TokenOwner } from '#shared/connections/shared-token.ts';
import type { Call, Http, Reply } from '#shared/http/http.ts';

export interface SessionOptions {
  readonly connection: string;
  /** Connected to the API. */
  readonly http: Http;
  readonly tokens: TokenOwner;
}

/** Calls with the token of the organization. */
export interface Session {
  readonly connection: string;
  /** Sends a call like {@link Http.send}. A token that the server refuses is renewed once, for all calls together. */
  send<T>(call: Omit<Call<T>, 'headers'>): Promise<Reply<T>>;
  /** Sends a call without a token, for what a server tells everybody. */
  sendOpenly<T>(call: Omit<Call<T>, 'headers'>): Promise<Reply<T>>;
  /** The same session, whose calls are over before a time, in epoch milliseconds. They raise `OutOfTime`. */
  until(time: number): Session;
}

/**
 * Opens a session with the token that all functions share. There is nothing to sign out of. Raises `SignInRefused` if
 * the server refuses the API key, which is final for the whole session.
 */
export const openSession = async ({ connection, http, tokens }: SessionOptions): Promise<Session> => {
  const withToken = await openSharedToken(tokens);
  const sessionUntil = (endBefore?: number): Session => {
    const limits = endBefore === undefined ? {} : { endBefore };
    return {
      connection,
      send: (call) =>
        withToken((token) =>
          http.send({ ...call, ...limits, headers: { authorization: token.map((text) => `Bearer ${text}`) } }),
        ),
      sendOpenly: (call) => http.send({ ...call, ...limits }),
      until: sessionUntil,
    };
  };
  return sessionUntil();
};

import { type SignedIn, type SignInOptions, signIn } from '#shared/connections/password-safe/sign-in.ts';
import { interpretSignOut } from '#shared/connections/password-safe/sign-in-errors.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { nothing } from '#shared/http/answer.ts';
import type { Call, Reply } from '#shared/http/http.ts';
import { emptyBody } from '#shared/http/request.ts';

export interface SessionOptions extends SignInOptions {
  /** Told when a session could not be signed out: it stays open until the vault ends it for idleness. */
  readonly onSignOutFailure: (error: RelayError) => void;
}

/** A signed-in session: sends calls with what proves it. */
export interface Session {
  readonly connection: string;
  /** As {@link Http.send}. A session that the vault ended meanwhile is renewed once, for all calls together. */
  send<T>(call: Omit<Call<T>, 'headers'>): Promise<Reply<T>>;
}

const signOut = async ({ http, onSignOutFailure }: SessionOptions, headers: SignedIn): Promise<void> => {
  try {
    await http.send({
      method: 'POST',
      path: 'Auth/Signout',
      headers,
      body: emptyBody,
      idempotent: true,
      interpret: interpretSignOut,
      read: nothing,
    });
  } catch (error) {
    onSignOutFailure(asRelayError(error, 'Signing out'));
  }
};

const isSessionLost = (error: unknown): boolean => error instanceof RelayError && error.name === 'SessionLost';

/**
 * Signs in, does the work, and signs out whatever happened. A refused sign-in is final (`SignInRefused`,
 * `LicenceRefused`). A failed sign-out never hides what the work gave or threw.
 */
export const withSession = async <T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> => {
  let current = Promise.resolve(await signIn(options));
  let renewed = false;
  let closed = false;

  /** The session after a lost one: already there, made now, or undefined when there will be none. */
  const successorOf = (lost: Promise<SignedIn>): Promise<SignedIn> | undefined => {
    if (lost !== current) return current;
    // Work that goes on after its end must not open a session that nobody will close.
    if (renewed || closed) return undefined;
    renewed = true;
    current = signIn(options);
    return current;
  };

  const send: Session['send'] = async (call) => {
    const used = current;
    try {
      return await options.http.send({ ...call, headers: await used });
    } catch (error) {
      const next = isSessionLost(error) ? successorOf(used) : undefined;
      if (next === undefined) throw error;
      return await options.http.send({ ...call, headers: await next });
    }
  };

  try {
    return await work({ connection: options.connection, send });
  } finally {
    closed = true;
    const signedIn = await current.catch(() => undefined);
    if (signedIn !== undefined) await signOut(options, signedIn);
  }
};

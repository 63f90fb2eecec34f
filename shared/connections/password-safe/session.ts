import { type SignedIn, type SignInOptions, signIn } from '#shared/connections/password-safe/sign-in.ts';
import { interpretSignOut } from '#shared/connections/password-safe/sign-in-errors.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { nothing } from '#shared/http/answer.ts';
import type { Call, Reply } from '#shared/http/http.ts';
import { emptyBody } from '#shared/http/request.ts';

export interface SessionOptions extends SignInOptions {
  /** Called when a session could not be signed out: it stays open until the idle timeout of the vault. */
  readonly onSignOutFailure: (error: RelayError) => void;
}

/** A signed-in session, which adds its headers to each call. */
export interface Session {
  readonly connection: string;
  /**
   * Sends a call like {@link Http.send}. A session that the vault has ended is renewed once, for all calls together.
   */
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
 * Signs in, runs the work and always signs out. A refused sign-in is final (`SignInRefused`, `LicenceRefused`). A
 * failed sign-out never hides the result or the error of the work.
 */
export const withSession = async <T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> => {
  let current = Promise.resolve(await signIn(options));
  let renewed = false;
  let closed = false;

  /** Successor of a lost session: the existing one, a new one, or undefined if no other is allowed. */
  const successorOf = (lost: Promise<SignedIn>): Promise<SignedIn> | undefined => {
    if (lost !== current) return current;
    // Calls made after the work has ended must not open a session that would never be closed.
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

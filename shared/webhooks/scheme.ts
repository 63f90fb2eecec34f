import type { Secret } from '#shared/secret.ts';

/** A request to a webhook route. */
export interface Received {
  /** By lower-case name. Repeated headers are joined by a comma, as by API Gateway. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** Reason to reject a request, for metrics and logs. The sender does not get it. */
export type Rejection = 'missing' | 'malformed' | 'expired' | 'mismatch';

export type Verdict =
  | {
      readonly verified: true;
      /** Epoch milliseconds at which the sender signed this attempt; undefined if the signature covers no time. */
      readonly signedAt: number | undefined;
    }
  | { readonly verified: false; readonly rejection: Rejection };

/** A way in which senders sign. */
export interface Scheme {
  /** Checks the form of one key. Returns the fix if it is not usable. Pure. */
  keyProblem(key: Secret): string | undefined;
  /** Verifies a request with any of the live keys. Never throws for a request. `now` is in epoch milliseconds. Pure. */
  verify(received: Received, keys: readonly Secret[], now: number): Verdict;
}

export const rejected = (rejection: Rejection): Verdict => ({ verified: false, rejection });
export const verified = (signedAt?: number): Verdict => ({ verified: true, signedAt });

import { type Occurrence, ProgrammedFaults } from '../programmed-faults.ts';
import type { Operation } from './calls.ts';
import { type Reply, refusal } from './replies.ts';

/** Before or after the effect of the call. A client cannot distinguish the two. */
type When = 'before' | 'after';

export type FaultEffect =
  /** Sends this status instead, with this exact body or an error of the server. Default `before`. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly when?: When;
    }
  /** 429 of a rate limit quota. `retryAfter` is the header's text. */
  | { readonly type: 'rate-limited'; readonly retryAfter?: string }
  /** Delays the response. Default `after`: a call that times out has taken effect. */
  | { readonly type: 'delay'; readonly ms: number; readonly when?: When }
  /** Drops the connection without a response. */
  | { readonly type: 'reset'; readonly when: When }
  /** Sends half of the response. */
  | { readonly type: 'cut-off' }
  /** A proxy's login page with status 200. The call does not reach the server. */
  | { readonly type: 'login-page' };

export interface Fault extends Occurrence {
  readonly operation?: Operation;
  /** Beginning of the path below `/v1/`. Default: all. */
  readonly path?: string;
  readonly effect: FaultEffect;
}

/** A call that a fault can affect. */
interface CallSite {
  readonly operation: Operation;
  readonly path: string;
}

export type Faults = ProgrammedFaults<Fault, CallSite>;

export const createFaults = (): Faults =>
  new ProgrammedFaults(
    (fault, { operation, path }) => (fault.operation ?? operation) === operation && path.startsWith(fault.path ?? ''),
  );

/** True if the fault prevents the effect of the call. */
export const preventsEffect = (fault: FaultEffect | undefined): boolean => {
  if (fault?.type === 'rate-limited' || fault?.type === 'login-page') return true;
  if (fault?.type === 'status') return fault.when !== 'after';
  return fault?.type === 'reset' && fault.when === 'before';
};

/** The response of a fault that replaces the server's own. */
export const substitute = (fault: FaultEffect | undefined): Reply | undefined => {
  if (fault?.type === 'rate-limited') {
    const headers: Reply['headers'] = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
    return { ...refusal(429, 'request path "": rate limit quota exceeded'), headers };
  }
  if (fault?.type !== 'status') return undefined;
  const { status, body, headers = {} } = fault;
  return { ...(body === undefined ? refusal(status, 'internal error') : { status, body }), headers };
};

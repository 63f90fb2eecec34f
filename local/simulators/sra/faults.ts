import { type Occurrence, ProgrammedFaults } from '../programmed-faults.ts';
import type { CallKind } from './audit.ts';
import { type Reply, refusal } from './replies.ts';
import type { Switches } from './switches.ts';
import { reportError } from './xml.ts';

/** Before or after the effect of the call at the site. A client cannot distinguish the two. */
type When = 'before' | 'after';

export type FaultEffect =
  /** Sends this response instead. `body` is the exact text. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Default `before`. */
      readonly when?: When;
    }
  /** 429. `retryAfter` is the header's text; without it, there is no such header. */
  | { readonly type: 'rate-limited'; readonly retryAfter?: string }
  /** Kills the caller's tokens before the call, like an account with too many of them. */
  | { readonly type: 'kill-tokens' }
  /** Delays the response. Default `after`: a call that times out has taken effect. */
  | { readonly type: 'delay'; readonly ms: number; readonly when?: When }
  /** Drops the connection without a response. */
  | { readonly type: 'reset'; readonly when: When }
  /** Drops the connection in the middle of the body. */
  | { readonly type: 'cut-off' }
  /** An endless body, byte by byte. */
  | { readonly type: 'endless' }
  /** A body that ends early in well-formed HTTP. */
  | { readonly type: 'malformed' }
  /** An `<error>` of a report with status 200. */
  | { readonly type: 'report-error'; readonly text: string }
  /** A proxy's login page with status 200. The call does not reach the site. */
  | { readonly type: 'wrong-content-type' }
  /** Well-formed JSON of another shape, with the real status. */
  | { readonly type: 'wrong-shape'; readonly value?: unknown }
  /** The response in UTF-16, declared as such. */
  | { readonly type: 'wrong-charset' }
  /** A body of this size, without a `Content-Length`. */
  | { readonly type: 'huge'; readonly bytes: number };

interface Fault extends Occurrence {
  /** Kind of the affected calls. Default: all. */
  readonly kind?: CallKind;
  readonly accountId?: number;
  readonly effect: FaultEffect;
}

/** A call that a fault can affect. */
interface CallSite {
  readonly kind: CallKind;
  readonly accountId: number | undefined;
}

export type Faults = ProgrammedFaults<Fault, CallSite>;

export const createFaults = (): Faults =>
  new ProgrammedFaults(
    (fault, { kind, accountId }) =>
      (fault.kind ?? kind) === kind && (fault.accountId === undefined || fault.accountId === accountId),
  );

/** True if the fault prevents the effect of the call. */
export const preventsEffect = (fault: FaultEffect | undefined): boolean => {
  if (fault?.type === 'rate-limited' || fault?.type === 'wrong-content-type') return true;
  if (fault?.type === 'status') return fault.when !== 'after';
  return fault?.type === 'reset' && fault.when === 'before';
};

/** The response of a fault that replaces the site's own. Undefined if the site's own response is sent or damaged. */
export const substitute = (fault: FaultEffect | undefined, switches: Switches): Reply | undefined => {
  if (fault?.type === 'rate-limited') {
    const headers: Reply['headers'] = fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter };
    return { ...refusal(429, 'Too many requests.'), headers };
  }
  if (fault?.type === 'report-error') return reportError(fault.text, switches, 'error_list');
  if (fault?.type !== 'status') return undefined;
  const {
    status,
    body = '{"message":"An internal error occurred."}',
    contentType = 'application/json',
    headers = {},
  } = fault;
  return { status, body, contentType, headers };
};

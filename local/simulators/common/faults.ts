import type { Reply } from './replies.ts';

/** Before or after the effect of the call at the site. A client cannot distinguish the two. */
type When = 'before' | 'after';

/** Faults that every site can have. */
export type CommonFault =
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
  /** A proxy's login page with status 200. The call does not reach the site. */
  | { readonly type: 'wrong-content-type' }
  /** Well-formed JSON of another shape, with the real status. */
  | { readonly type: 'wrong-shape'; readonly value?: unknown }
  /** The response in UTF-16, declared as such. */
  | { readonly type: 'wrong-charset' }
  /** A well-formed body of this size, without a `Content-Length`. */
  | { readonly type: 'huge'; readonly bytes: number };

/** True if the fault prevents the effect of the call. Faults of one site alone never do. */
export const preventsEffect = (fault: { readonly type: string; readonly when?: When } | undefined): boolean => {
  if (fault?.type === 'rate-limited' || fault?.type === 'wrong-content-type') return true;
  if (fault?.type === 'status') return fault.when !== 'after';
  return fault?.type === 'reset' && fault.when === 'before';
};

/** The site's own texts for faults that replace a response. */
interface Substitutes {
  readonly tooMany: Reply;
  /** Default of a `status`. */
  readonly failure: Pick<Reply, 'body' | 'contentType'>;
}

/** The response of a fault that replaces the site's own. Undefined if the site's own response is sent or damaged. */
export const substituteFor = (fault: CommonFault | undefined, { tooMany, failure }: Substitutes): Reply | undefined => {
  if (fault?.type === 'rate-limited') {
    return { ...tooMany, headers: fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter } };
  }
  if (fault?.type !== 'status') return undefined;
  const { status, body = failure.body, contentType = failure.contentType, headers = {} } = fault;
  return { status, body, contentType, headers };
};

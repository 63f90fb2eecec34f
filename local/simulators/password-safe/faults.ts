import type { CallKind } from './audit.ts';
import { type Reply, refusal } from './replies.ts';

/** Before or after the call had its effect at the site: a client cannot tell, and that is the point. */
type When = 'before' | 'after';

export type FaultEffect =
  /** Answers this instead. `body` is the exact text. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Default `before`. */
      readonly when?: When;
    }
  /** 429, which the vendor never documents; `retryAfter` is the header's text. */
  | { readonly type: 'rate-limited'; readonly retryAfter?: string }
  /** Makes the caller wait; default `after`, so that one who gives up has had the effect. */
  | { readonly type: 'delay'; readonly ms: number; readonly when?: When }
  /** Drops the connection without an answer. */
  | { readonly type: 'reset'; readonly when: When }
  /** Drops the connection in the middle of the body. */
  | { readonly type: 'cut-off' }
  /** A body that never ends, a byte at a time. */
  | { readonly type: 'endless' }
  /** A well-formed body of so many bytes, without a `Content-Length`. */
  | { readonly type: 'huge'; readonly bytes: number }
  | { readonly type: 'malformed' }
  /** A login page of a proxy, answered with 200; the call gets no further. */
  | { readonly type: 'wrong-content-type' }
  /** Well-formed JSON that is nothing like the answer, with its status. */
  | { readonly type: 'wrong-shape'; readonly value?: unknown }
  /** The answer in UTF-16, and saying so. */
  | { readonly type: 'wrong-charset' };

export interface Fault {
  /** Which calls; all when absent. */
  readonly kind?: CallKind;
  readonly accountId?: number;
  /** The first call of these that it hits, counted from 1 and from when the fault was added. */
  readonly nth?: number;
  /** How many calls it hits, one after the other. Default 1; `Infinity` is allowed. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

interface ProgrammedFault {
  readonly fault: Fault;
  seen: number;
}

/** The faults that a test programs. At most one hits a call: the one that was added first. */
export class Faults {
  #programmed: ProgrammedFault[] = [];

  add(...faults: readonly Fault[]): void {
    this.#programmed.push(...faults.map((fault) => ({ fault, seen: 0 })));
  }

  clear(): void {
    this.#programmed = [];
  }

  /** The effect on this call, if any. Every fault that the call matches counts it. */
  take(kind: CallKind, accountId: number | undefined): FaultEffect | undefined {
    let hit: FaultEffect | undefined;
    for (const programmed of this.#programmed) {
      const { fault } = programmed;
      if (fault.kind !== undefined && fault.kind !== kind) continue;
      if (fault.accountId !== undefined && fault.accountId !== accountId) continue;
      programmed.seen += 1;
      const { nth = 1, times = 1 } = fault;
      if (programmed.seen >= nth && programmed.seen < nth + times) hit ??= fault.effect;
    }
    return hit;
  }
}

/** Whether the fault keeps the call from reaching the site. */
export const preventsEffect = (fault: FaultEffect | undefined): boolean => {
  if (fault?.type === 'rate-limited' || fault?.type === 'wrong-content-type') return true;
  if (fault?.type === 'status') return fault.when !== 'after';
  return fault?.type === 'reset' && fault.when === 'before';
};

/** The answer of a fault that stands in for the site's own; undefined when the site's own is sent, or damaged. */
export const substitute = (fault: FaultEffect | undefined): Reply | undefined => {
  if (fault?.type === 'rate-limited') {
    const headers: Reply['headers'] = fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter };
    return { ...refusal(429, 'Too many requests.'), headers };
  }
  if (fault?.type !== 'status') return undefined;
  const {
    status,
    body = '"An error occurred."',
    contentType = 'application/json; charset=utf-8',
    headers = {},
  } = fault;
  return { status, body, contentType, headers };
};

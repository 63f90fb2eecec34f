import { isUtf8 } from 'node:buffer';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { RelayError } from '#shared/errors.ts';
import { type Answer, answeredAtMs, type CallName, malformed, type Reader } from '#shared/http/answer.ts';
import type { ClientCertificate } from '#shared/http/client-certificate.ts';
import { type AnswerHeaders, exchange } from '#shared/http/exchange.ts';
import { brokenError, type Side } from '#shared/http/failures.ts';
import type { Pool } from '#shared/http/pool.ts';
import { type Body, fullPath, type Query, type RequestHeaders, revealHeaders } from '#shared/http/request.ts';
import { RETRY_POLICY, type RetryPolicy, waitBeforeRetryMs } from '#shared/http/retry.ts';
import type { HttpProxy } from '#shared/http/tunnels.ts';
import { createOwnGate, type Gate } from '#shared/limits/gate.ts';
import { RESERVED_MS } from '#shared/limits/waits.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/** Result of a call whose share expired before its first byte was sent. */
const LATE = Symbol('late');

/** Returns the error that an answer means, by its status, headers and text; undefined for a successful one. */
export type Interpreter = (answer: Answer, call: CallName) => RelayError | undefined;

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to the base url, without a leading slash; its segments are already encoded. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: RequestHeaders;
  readonly body?: Body;
  /**
   * True if sending it twice has the same effect as once. Other calls are repeated only if they certainly had no
   * effect.
   */
  readonly idempotent: boolean;
  readonly interpret: Interpreter;
  readonly read: Reader<T>;
  /** True if the answer is not text and is read as bytes. */
  readonly binary?: boolean;
  /** Maximum size of the answer; 16 MiB if left out. */
  readonly maxBytes?: number;
  /** Maximum duration, including the answer; the limit of the connection if left out. */
  readonly timeoutSeconds?: number;
  /**
   * Epoch milliseconds. The call is aborted then, as at its timeout. An attempt that would begin later raises
   * `OutOfTime`.
   */
  readonly endBefore?: number;
}

export interface Reply<T> {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** UTC ISO 8601 by the server's clock; undefined if it sent no `Date`. */
  readonly at: string | undefined;
  readonly value: T;
}

/** A REST API. */
export interface Http {
  /**
   * Sends a call within the connection's limits, repeats it if that is safe, and reads its answer. Raises the
   * RelayError that the call's interpreter found, or one of VaultUnavailable, AnswerTimedOut, AnswerTruncated,
   * AnswerTooLarge and AnswerMalformed.
   */
  send<T>(call: Call<T>): Promise<Reply<T>>;
  /** Closes the connections. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** Name of the connection or store, for messages. */
  readonly connection: string;
  /** `vault` if left out. */
  readonly side?: Side;
  /** Base url without a trailing slash. */
  readonly url: string;
  /** PEM text of the CA to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** Certificate for a server that asks for one. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Proxy on the way to the API. */
  readonly proxy?: HttpProxy | undefined;
  readonly limits: { readonly inFlight: number; readonly perSecond: number; readonly timeoutSeconds: number };
  /** Turns of the calls. Default: the limits hold for this client alone. */
  readonly gate?: Gate;
  readonly retry?: RetryPolicy;
  /** Milliseconds until the invocation ends. No wait before another attempt lasts longer. */
  readonly remainingMs?: () => number;
  /** This and the following options are replaced only in tests. */
  readonly dispatcher?: Dispatcher;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
  /** The wall clock, epoch milliseconds. */
  readonly now?: () => number;
  readonly deadline?: (ms: number) => AbortSignal;
  /** Maximum size of every answer, whatever its call allows. */
  readonly maxBytes?: number;
}

const poolOf = (dispatcher: Dispatcher): Pool => ({
  exchange: (request, limits) => exchange(dispatcher, request, limits),
  destroy: () => dispatcher.destroy(),
});

const tooLate = ({ connection, name }: CallName): RelayError =>
  new RelayError('OutOfTime', `${connection}: no time was left for ${name}. It is tried again.`);

/** Creates the client for a REST API: limits, deadline, size cap, retries, and errors with a fix. */
export const createHttp = ({
  connection,
  side = 'vault',
  url,
  ca,
  clientCertificate,
  proxy,
  limits,
  gate = createOwnGate(limits),
  retry = RETRY_POLICY,
  remainingMs = () => Number.POSITIVE_INFINITY,
  dispatcher,
  sleep = sleepFor,
  random = Math.random,
  now = Date.now,
  deadline = AbortSignal.timeout,
  maxBytes: largest = Number.POSITIVE_INFINITY,
}: HttpOptions): Http => {
  const { origin, pathname: basePath, host } = new URL(url);
  let pool: Promise<Pool> | undefined = dispatcher && Promise.resolve(poolOf(dispatcher));
  const create = async (): Promise<Pool> => {
    try {
      const { createPool } = await import('#shared/http/pool.ts');
      return await createPool({ url, ca, clientCertificate, proxy, timeoutSeconds: limits.timeoutSeconds, now });
    } catch (error) {
      // The secret of the proxy can be corrected while this function is warm.
      pool = undefined;
      throw error;
    }
  };
  // Imported at the first call. The import takes a third of a cold start, and many invocations make no call.
  const connected = () => {
    pool ??= create();
    return pool;
  };

  /** Maximum duration of an attempt that begins now. Not positive if none may begin. */
  const longestMs = ({ timeoutSeconds = limits.timeoutSeconds, endBefore }: Call<unknown>): number =>
    Math.min(timeoutSeconds * 1000, endBefore === undefined ? Number.POSITIVE_INFINITY : endBefore - now());

  const attempt = async <T>(
    call: Call<T>,
    name: CallName,
    mayBegin: () => boolean,
  ): Promise<Reply<T> | typeof LATE> => {
    const timeoutMs = longestMs(call);
    const maxBytes = Math.min(call.maxBytes ?? MAX_BYTES, largest);
    const connections = await connected();
    const raw = await connections.exchange(
      {
        origin,
        path: fullPath(basePath, call, name),
        method: call.method,
        headers: revealHeaders(call.headers, call.body),
        body: call.body?.text.reveal() ?? null,
      },
      { deadline: deadline(Math.max(0, timeoutMs)), maxBytes, mayBegin },
    );
    if (raw.kind === 'broken' && raw.by === 'late') return LATE;
    if (raw.kind === 'broken') {
      throw brokenError(raw, { call: name, side, host, proxy, timeoutSeconds: Math.round(timeoutMs / 1000), maxBytes });
    }
    const { status, headers } = raw;
    const { body: bytes } = raw;
    const answer: Answer = { status, headers, bytes, text: new TextDecoder().decode(bytes), receivedAtMs: now() };
    const refusal = call.interpret(answer, name);
    if (refusal !== undefined) throw refusal;
    // A replacement character in a credential would go unnoticed.
    if (call.binary !== true && !isUtf8(bytes)) throw malformed(name, 'is not UTF-8 text');
    const atMs = answeredAtMs(answer);
    const at = atMs === undefined ? undefined : new Date(atMs).toISOString();
    return { status, headers, at, value: call.read(answer, name) };
  };

  const send = async <T>(call: Call<T>): Promise<Reply<T>> => {
    const name: CallName = { connection, name: `${call.method} ${call.path}`, idempotent: call.idempotent };
    const startedAtMs = now();
    for (let attempts = 1; ; attempts++) {
      const timeoutMs = longestMs(call);
      if (timeoutMs <= 0) throw tooLate(name);
      try {
        const reply = await gate.run(timeoutMs, (mayBegin) =>
          attempt(call, name, () => mayBegin() && longestMs(call) > 0),
        );
        if (reply !== LATE) return reply;
        // Nothing was sent. The call takes another turn, under a share that is valid.
        attempts--;
      } catch (error) {
        if (!(error instanceof RelayError)) throw error;
        const progress = { attempt: attempts, elapsedMs: now() - startedAtMs, random };
        const waitMs = waitBeforeRetryMs(error, retry, progress);
        if (waitMs === undefined || waitMs > remainingMs() - RESERVED_MS) throw error;
        if (call.endBefore !== undefined && now() + waitMs >= call.endBefore) throw error;
        await sleep(waitMs);
      }
    }
  };

  return { send, close: async () => (await pool)?.destroy() };
};

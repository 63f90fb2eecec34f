import type { Dispatcher } from 'undici';

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** An answer as bytes, before any interpretation. */
export interface RawAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Buffer;
}

/** An exchange that ended early. */
export interface FailedExchange {
  readonly kind: 'broken';
  readonly by: 'deadline' | 'size' | 'connection' | 'late';
  /** Progress of the exchange: a request that was not sent has had no effect. */
  readonly reached: 'nothing' | 'request' | 'answer';
  /**
   * Code of Node's or undici's error when the connection broke, or the error's name; `PROXY_` and the status if a proxy
   * opened no tunnel. No other part of it is safe to
   * show: the error of the HTTP parser, for example, contains the bytes that it could not parse.
   */
  readonly code: string | undefined;
}

export interface ExchangeLimits {
  /** Aborts at the deadline of the whole exchange, including the body. */
  readonly deadline: AbortSignal;
  /** False if the request must not be sent any more. Asked just before its first byte. */
  readonly mayBegin?: () => boolean;
  readonly maxBytes: number;
}

/** Code of an exchange for which a proxy opened no tunnel, by the status of its answer. */
const proxyCode = (status: string): string => `PROXY_${status}`;
export const PROXY_CREDENTIALS_REJECTED = proxyCode('407');

/** undici states the status only in the text of its error. It writes that text itself. */
const PROXY_STATUS = /^Proxy response \((\d{3})\) !== 200/;

const codeOf = (error: Error): string => {
  const [, status] = PROXY_STATUS.exec(error.message) ?? [];
  if (status !== undefined) return proxyCode(status);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

/** Sends one request and returns its answer. Interprets and repeats nothing, and never rejects. */
export const exchange = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { deadline, maxBytes, mayBegin = () => true }: ExchangeLimits,
): Promise<RawAnswer | FailedExchange> =>
  new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let reached: FailedExchange['reached'] = 'nothing';
    let status = 0;
    let headers: AnswerHeaders = {};
    const chunks: Buffer[] = [];
    let bytes = 0;

    // Only the first result counts: aborting makes the dispatcher report another error.
    const settle = (result: RawAnswer | FailedExchange): void => {
      deadline.removeEventListener('abort', onDeadline);
      resolve(result);
    };
    const breakOff = (by: FailedExchange['by'], code?: string): void => {
      settle({ kind: 'broken', by, reached, code });
      controller?.abort(new Error(by));
    };
    const onDeadline = (): void => breakOff('deadline');
    deadline.addEventListener('abort', onDeadline, { once: true });

    dispatcher.dispatch(request, {
      // Called when the connection is established, just before the first byte is written.
      onRequestStart: (started) => {
        if (deadline.aborted) return started.abort(new Error('deadline'));
        controller = started;
        if (!mayBegin()) return breakOff('late');
        reached = 'request';
      },
      onResponseStart: (_controller, answerStatus, answerHeaders) => {
        reached = 'answer';
        status = answerStatus;
        headers = answerHeaders;
      },
      onResponseData: (_controller, chunk) => {
        bytes += chunk.length;
        if (bytes > maxBytes) return breakOff('size');
        chunks.push(chunk);
      },
      onResponseEnd: () => settle({ kind: 'answer', status, headers, body: Buffer.concat(chunks) }),
      onResponseError: (_controller, error) => breakOff('connection', codeOf(error)),
    });
  });

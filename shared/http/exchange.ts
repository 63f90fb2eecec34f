import type { Dispatcher } from 'undici';

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What came back, as bytes: nothing of it has been looked at yet. */
export interface RawAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Buffer;
}

/** An exchange that ended early. */
export interface Broken {
  readonly kind: 'broken';
  readonly by: 'deadline' | 'size' | 'connection';
  /** How far it had come: a request that was not sent has had no effect. */
  readonly reached: 'nothing' | 'request' | 'answer';
  /**
   * The code of Node's or undici's error when the connection broke, or its name. Nothing else of it is safe to show:
   * that of the HTTP parser, for one, carries the bytes that it could not parse.
   */
  readonly code: string | undefined;
}

export interface ExchangeLimits {
  /** Aborts at the deadline of the whole exchange, body included. */
  readonly deadline: AbortSignal;
  readonly maxBytes: number;
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.name);

/** One request and its answer: nothing is interpreted or repeated here, and it never rejects. */
export const exchange = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { deadline, maxBytes }: ExchangeLimits,
): Promise<RawAnswer | Broken> =>
  new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let reached: Broken['reached'] = 'nothing';
    let status = 0;
    let headers: AnswerHeaders = {};
    const chunks: Buffer[] = [];
    let bytes = 0;

    // What is settled stays settled: aborting makes the dispatcher report one more error.
    const settle = (result: RawAnswer | Broken): void => {
      deadline.removeEventListener('abort', onDeadline);
      resolve(result);
    };
    const breakOff = (by: Broken['by'], code?: string): void => {
      settle({ kind: 'broken', by, reached, code });
      controller?.abort(new Error(by));
    };
    const onDeadline = (): void => breakOff('deadline');
    deadline.addEventListener('abort', onDeadline, { once: true });

    dispatcher.dispatch(request, {
      // Called when the connection stands, just before the first byte is written.
      onRequestStart: (started) => {
        if (deadline.aborted) return started.abort(new Error('deadline'));
        controller = started;
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

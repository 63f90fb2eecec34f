import { once } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import { file, json } from '#shared/http/answer.ts';
import { type Call, createHttp, type Http, type HttpOptions } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';
import type { Gate } from '#shared/limits/gate.ts';
import { Secret } from '#shared/secret.ts';
import {
  answer,
  cutOff,
  deadUrl,
  rawServer,
  reset,
  type ScriptedServer,
  type Step,
  scriptedServer,
} from '#test/support/scripted-server.ts';

const CANARY = 'canary-7f3a-not-a-real-secret';
const closers: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A client of a scripted server; `waits` are the milliseconds that it would have slept. */
const connect = async (steps: readonly Step[], options: Partial<HttpOptions> = {}) => {
  const server = await scriptedServer(...steps);
  closers.push(() => server[Symbol.asyncDispose]());
  return { server, ...connectTo(server.url, options) };
};

const connectTo = (url: string, options: Partial<HttpOptions> = {}): { http: Http; waits: number[] } => {
  const waits: number[] = [];
  const http = createHttp({
    connection: 'corp-vault',
    url,
    limits: { inFlight: 4, perSecond: 1000, timeoutSeconds: 30 },
    sleep: async (ms) => waits.push(ms),
    random: () => 0.5,
    now: () => 0,
    deadline: () => new AbortController().signal,
    ...options,
  });
  closers.push(() => http.close());
  return { http, waits };
};

/** Only 429 and 5xx are errors here. Each client defines the meaning of a status. */
const interpret: Call<unknown>['interpret'] = ({ status, headers }, call) => {
  if (status === 429) {
    return new RelayError('RateLimited', 'slow down', { retryAfterMs: Number(headers['retry-after'] ?? 0) * 1000 });
  }
  return status >= 500
    ? new RelayError('VaultUnavailable', 'broken', { mayHaveHappened: !call.idempotent })
    : undefined;
};

const get = { method: 'GET', path: 'things', idempotent: true, interpret, read: json(z.unknown()) } as const;
const post = { ...get, method: 'POST', body: jsonBody({ password: CANARY }), idempotent: false } as const;

const failureOf = async (promise: Promise<unknown>): Promise<RelayError> => {
  const error: unknown = await promise.then(
    () => expect.fail('should have been rejected'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RelayError)) throw error;
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(CANARY);
  expect(error.message).toContain('corp-vault');
  return error;
};

describe('send', () => {
  it('refuses, without a call, a query with half a character', async () => {
    const { http, server } = await connect([answer(200, {})]);
    const error = await failureOf(http.send({ ...get, query: { systemName: 'db-\ud800' } }));
    expect(error).toMatchObject({ name: 'RequestRejected', message: expect.stringContaining('its systemName') });
    expect(server.seen).toEqual([]);
  });

  it('sends method, path, query, headers and body, and returns status, headers, time and value', async () => {
    const step = answer(201, { id: 7 }, { date: 'Sun, 06 Nov 1994 08:49:37 GMT' });
    const { http, server } = await connect([step]);
    const reply = await http.send({
      ...post,
      path: 'a%2Fb/c',
      query: { name: 'a&b +#', limit: 5, left: undefined },
      headers: { authorization: new Secret('shown only to the server') },
    });
    expect(reply).toMatchObject({ status: 201, value: { id: 7 }, at: '1994-11-06T08:49:37.000Z' });
    expect(server.seen).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/api/a%2Fb/c?name=a%26b%20%2B%23&limit=5',
        body: `{"password":"${CANARY}"}`,
        headers: expect.objectContaining({
          authorization: 'shown only to the server',
          'content-type': 'application/json',
        }),
      }),
    ]);
  });

  it('does not follow redirects', async () => {
    const { http, server } = await connect([answer(302, 'elsewhere', { location: '/api/other' })]);
    expect(await http.send(get)).toMatchObject({ status: 302 });
    expect(server.seen).toHaveLength(1);
  });

  it('keeps connections open between calls', async () => {
    const ports = new Set<number | undefined>();
    const { http } = await connect([
      (response) => {
        ports.add(response.socket?.remotePort);
        response.end('1');
      },
    ]);
    for (let i = 0; i < 40; i++) await http.send(get);
    expect(ports.size).toBeLessThanOrEqual(4);
  });

  it('never has more calls in flight than the limit', async () => {
    let inFlight = 0;
    let highest = 0;
    const { http } = await connect([
      async (response) => {
        highest = Math.max(highest, ++inFlight);
        await new Promise(setImmediate);
        inFlight--;
        response.end('1');
      },
    ]);
    await Promise.all(Array.from({ length: 40 }, () => http.send(get)));
    expect(highest).toBeGreaterThan(1);
    expect(highest).toBeLessThanOrEqual(4);
  });
});

describe('the turns of calls', () => {
  it('are taken for each attempt, with its maximum duration', async () => {
    const timeouts: number[] = [];
    const gate: Gate = {
      run: async (timeoutMs, call) => {
        timeouts.push(timeoutMs);
        return call(() => true);
      },
      release: async () => {},
    };
    const { http } = await connect([answer(500, ''), answer(200, 1)], { gate });
    await http.send({ ...get, timeoutSeconds: 7 });
    expect(timeouts).toEqual([7000, 7000]);
  });

  it('are taken again by a call that is too late for its first byte, without sending it', async () => {
    let turns = 0;
    const gate: Gate = {
      run: (_timeoutMs, call) => {
        turns++;
        return call(() => turns > 5);
      },
      release: async () => {},
    };
    const { http, server, waits } = await connect([answer(200, 1)], { gate });
    await http.send(post);
    expect([turns, server.seen.length, waits]).toEqual([6, 1, []]);
  });
});

describe('a failed call', () => {
  it('is classified by its fix, and has not happened if nothing listens', async () => {
    const { http } = connectTo(await deadUrl());
    const error = await failureOf(http.send(post));
    expect(error).toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: false });
    expect(error.message).toMatch(/POST things.*ECONNREFUSED.*refuses connections/);
  });

  it('may have happened if the connection was reset after the request, and is not repeated then', async () => {
    const { http, server } = await connect([reset]);
    expect(await failureOf(http.send(post))).toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: true });
    expect(server.seen).toHaveLength(1);
  });

  it('is repeated if that is safe', async () => {
    const { http, server, waits } = await connect([reset, reset, answer(200, 'third time lucky')]);
    expect(await http.send(get)).toMatchObject({ value: 'third time lucky' });
    expect(server.seen).toHaveLength(3);
    expect(waits).toEqual([250, 500]);
  });

  it('fails after three attempts', async () => {
    const { http, server } = await connect([reset]);
    expect(await failureOf(http.send(get))).toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: false });
    expect(server.seen).toHaveLength(3);
  });

  it('fails if the next attempt would begin after the budget', async () => {
    const { http, server } = await connect([answer(429, '', { 'retry-after': '61' })]);
    await expect(http.send(get)).rejects.toMatchObject({ name: 'RateLimited', retryAfterMs: 61_000 });
    expect(server.seen).toHaveLength(1);
  });

  it('has a cut-off answer if the answer had begun', async () => {
    const { http, server } = await connect([cutOff]);
    expect(await failureOf(http.send(get))).toMatchObject({ name: 'AnswerTruncated' });
    expect(server.seen).toHaveLength(3);
    expect(await failureOf(http.send(post))).toMatchObject({ name: 'AnswerTruncated', mayHaveHappened: true });
    expect(server.seen).toHaveLength(4);
  });

  it('has a cut-off answer even if the length was not announced', async () => {
    await using server = await rawServer('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2,\r\n');
    expect(await failureOf(connectTo(server.url).http.send(get))).toMatchObject({ name: 'AnswerTruncated' });
  });

  it('has a malformed answer if the server does not use HTTP', async () => {
    await using server = await rawServer(`SSH-2.0-${CANARY}\r\n`);
    const error = await failureOf(connectTo(server.url).http.send(get));
    expect(error).toMatchObject({ name: 'AnswerMalformed' });
    expect(error.message).toContain('not HTTP');
  });
});

describe('a POST', () => {
  it('is repeated after a 429, because it was not done, after the wait that the server requested', async () => {
    const { http, server, waits } = await connect([answer(429, '', { 'retry-after': '7' }), answer(201, 5)]);
    expect(await http.send(post)).toMatchObject({ status: 201, value: 5 });
    expect(server.seen).toHaveLength(2);
    expect(waits).toEqual([7250]);
  });

  it('is not repeated after a 500, because it may have been done', async () => {
    const { http, server } = await connect([answer(500, 'oops'), answer(201, 5)]);
    await expect(http.send(post)).rejects.toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: true });
    expect(server.seen).toHaveLength(1);
  });

  it('is repeated like a GET if its caller declares it idempotent', async () => {
    const { http, server } = await connect([answer(500, 'oops'), reset, answer(201, 5)]);
    expect(await http.send({ ...post, idempotent: true })).toMatchObject({ value: 5 });
    expect(server.seen).toHaveLength(3);
  });
});

describe('the deadline', () => {
  const deadlines = () => {
    const controllers: AbortController[] = [];
    const deadline = (ms: number): AbortSignal => {
      expect(ms).toBe(30_000);
      const controller = new AbortController();
      controllers.push(controller);
      return controller.signal;
    };
    const expire = (): void => {
      for (const controller of controllers) controller.abort();
    };
    return { deadline, expire };
  };

  it('applies to an answer that does not begin', async () => {
    const { deadline, expire } = deadlines();
    const { http } = await connect([() => expire()], { deadline });
    const error = await failureOf(http.send(post));
    expect(error).toMatchObject({ name: 'AnswerTimedOut', mayHaveHappened: true });
    expect(error.message).toContain('30 s');
  });

  it('applies to a body that does not end', async () => {
    const { deadline, expire } = deadlines();
    const { http, server } = await connect([(response) => response.write('[1,', () => setImmediate(expire))], {
      deadline,
    });
    expect(await failureOf(http.send(get))).toMatchObject({ name: 'AnswerTimedOut', mayHaveHappened: false });
    expect(server.seen).toHaveLength(3);
  });

  it('is that of the call if it has one, and that of the connection otherwise', async () => {
    const given: number[] = [];
    const { http } = await connect([answer(200, 1)], {
      deadline: (ms) => {
        given.push(ms);
        return new AbortController().signal;
      },
    });
    await http.send({ ...get, timeoutSeconds: 120 });
    await http.send(get);
    expect(given).toEqual([120_000, 30_000]);
  });

  it('is not later than the end of the call, after which no attempt begins', async () => {
    const clock = { now: 0 };
    const asked: number[] = [];
    const { http, server, waits } = await connect([answer(503, {}), answer(503, {}), answer(200, {})], {
      now: () => clock.now,
      sleep: async (ms) => {
        waits.push(ms);
        clock.now += ms;
      },
      deadline: (ms) => {
        asked.push(ms);
        return new AbortController().signal;
      },
      retry: { attempts: 9, budgetMs: 60_000, baseMs: 8000 },
    });
    await expect(http.send({ ...get, endBefore: 10_000 })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    // Half of eight seconds, and no wait of eight seconds more.
    expect(waits).toEqual([4000]);
    expect(asked).toEqual([10_000, 6000]);
    expect(await failureOf(http.send({ ...get, endBefore: clock.now }))).toMatchObject({ name: 'OutOfTime' });
    expect(server.seen).toHaveLength(2);
  });

  it('is asked again just before the first byte of a call that has an end', async () => {
    const clock = { now: 0 };
    const gate: Gate = {
      run: (_timeoutMs, call) => {
        clock.now = 5000;
        return call(() => true);
      },
      release: async () => {},
    };
    const { http, server } = await connect([answer(200, {})], { gate, now: () => clock.now });
    expect(await failureOf(http.send({ ...get, endBefore: 5000 }))).toMatchObject({ name: 'OutOfTime' });
    expect(server.seen).toEqual([]);
  });

  it('does not start while a call waits for its turn', async () => {
    let running = 0;
    let mostRunning = 0;
    const { http } = await connect([(response) => setImmediate(() => response.end('1', () => running--))], {
      limits: { inFlight: 1, perSecond: 1000, timeoutSeconds: 30 },
      deadline: () => {
        mostRunning = Math.max(mostRunning, ++running);
        return new AbortController().signal;
      },
    });
    await Promise.all(Array.from({ length: 5 }, () => http.send(get)));
    expect(mostRunning).toBe(1);
  });

  it('before the request was sent means that the call did not and will not happen', async () => {
    const { deadline, expire } = deadlines();
    const atOnce = (ms: number): AbortSignal => {
      queueMicrotask(expire);
      return deadline(ms);
    };
    const signals = [atOnce, deadline];
    const { http, server } = await connect([answer(201, 5)], {
      deadline: (ms) => signals.shift()?.(ms) ?? deadline(ms),
      limits: { inFlight: 1, perSecond: 1000, timeoutSeconds: 30 },
      retry: { attempts: 1, budgetMs: 0, baseMs: 0 },
    });
    expect(await failureOf(http.send(post))).toMatchObject({ name: 'AnswerTimedOut', mayHaveHappened: false });
    await http.send(get);
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('an answer that cannot be used', () => {
  const send = async (step: Step, call: Partial<Call<unknown>> = {}): Promise<[RelayError, ScriptedServer]> => {
    const { http, server } = await connect([step]);
    return [await failureOf(http.send({ ...get, ...call })), server];
  };

  it('is too large beyond the limit of the call, and is not requested again', async () => {
    const endless: Step = (response) => {
      const pump = (): void =>
        void (response.write('x'.repeat(1000)) ? setImmediate(pump) : response.once('drain', pump));
      pump();
    };
    const [error, server] = await send(endless, { maxBytes: 10_000 });
    expect(error.name).toBe('AnswerTooLarge');
    expect(error.message).toContain('10000 bytes');
    expect(server.seen).toHaveLength(1);
  });

  it('is too large beyond the limit of all calls, whatever the call allows', async () => {
    const { http } = await connect([answer(200, 'x'.repeat(1000))], { maxBytes: 500 });
    const error = await failureOf(http.send({ ...get, maxBytes: 10_000 }));
    expect(error).toMatchObject({ name: 'AnswerTooLarge', message: expect.stringContaining('500 bytes') });
  });

  it('is too large beyond 16 MiB by default', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, ' ');
    const long: Step = async (response) => {
      for (let sent = 0; sent < 17 && !response.destroyed; sent += 1) {
        if (!response.write(mebibyte)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
      response.end();
    };
    const [error] = await send(long);
    expect(error).toMatchObject({ name: 'AnswerTooLarge', message: expect.stringContaining('16777216 bytes') });
  });

  it.each<[string, Step, RegExp]>([
    ['broken JSON', (response) => response.end(`{"a": "${CANARY}`), /not valid JSON/],
    ['nothing at all', (response) => response.end(), /not valid JSON/],
    [
      'a web page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${CANARY}`),
      /not JSON according to its content type.*login page/,
    ],
    [
      'another shape',
      answer(200, { a: { b: CANARY } }),
      /unknown shape \(expected a JSON number, found a JSON string at "a\.b"\)/,
    ],
    ['bytes that are not UTF-8', (response) => response.end(Buffer.from('22ff22', 'hex')), /not UTF-8/],
  ])('is malformed if it is %s', async (_what, step, message) => {
    const read = json(z.object({ a: z.object({ b: z.number() }) }));
    const [error, server] = await send(step, { read });
    expect(error).toMatchObject({ name: 'AnswerMalformed', mayHaveHappened: false });
    expect(error.message).toMatch(message);
    expect(server.seen).toHaveLength(1);
    expect((await send(step, { read, idempotent: false }))[0].mayHaveHappened).toBe(true);
  });

  it('keeps its status even if its text is not UTF-8', async () => {
    const { http } = await connect([(response) => response.writeHead(503).end(Buffer.from('ff', 'hex'))]);
    await expect(http.send(get)).rejects.toMatchObject({ name: 'VaultUnavailable' });
  });
});

describe('a file', () => {
  const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const download = { ...get, read: file, binary: true };
  const sent =
    (contentType: string, body: string | Buffer): Step =>
    (response) =>
      response.writeHead(200, { 'content-type': contentType }).end(body);

  it('is returned byte by byte, whatever it would be as text', async () => {
    const { http } = await connect([sent('application/octet-stream', BYTES)]);
    expect(Buffer.from((await http.send(download)).value).equals(BYTES)).toBe(true);
  });

  it.each<[string, Step]>([
    ['a page', sent('text/html', '<p>Sign in</p>')],
    ['a sentence of the API', sent('application/json', '"not here"')],
    ['of no type', (response) => response.end(BYTES)],
    ['empty', sent('application/octet-stream', '')],
  ])('is refused if it is %s', async (_what, step) => {
    const { http } = await connect([step]);
    expect((await failureOf(http.send(download))).name).toBe('AnswerMalformed');
  });
});

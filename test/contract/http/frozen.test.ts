import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { json } from '#shared/http/answer.ts';
import { createHttp } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';
import { FORGOTTEN, type Forgotten, forgetfulServer } from '#test/support/forgetful-server.ts';

const KEEP_ALIVE_MS = 5000;
const FREEZE_MS = 20_000;
const AT_ONCE = 8;

const closers: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const post = {
  method: 'POST',
  path: 'Requests',
  body: jsonBody({}),
  idempotent: false,
  interpret: () => undefined,
  read: json(z.object({})),
} as const;

/** A client and a server that share a clock. Only `freeze` moves it. */
const start = async (forgotten: Forgotten = 'reset') => {
  let time = Date.parse('2026-03-01T12:00:00Z');
  const now = () => time;
  const server = await forgetfulServer(now, KEEP_ALIVE_MS, forgotten);
  const http = createHttp({
    connection: 'corp-vault',
    url: server.url,
    limits: { inFlight: AT_ONCE, perSecond: 10_000, timeoutSeconds: 30 },
    now,
    deadline: () => AbortSignal.timeout(2000),
  });
  closers.push(
    () => server[Symbol.asyncDispose](),
    () => http.close(),
  );
  return {
    server,
    send: (calls = AT_ONCE) => Promise.all(Array.from({ length: calls }, () => http.send(post))),
    /** Advances no timer of the process, like the freeze of a function. */
    freeze: (ms = FREEZE_MS) => {
      time += ms;
    },
  };
};

describe('after a freeze longer than the keep-alive time of the server', () => {
  it.each(FORGOTTEN)(
    'calls that may not be repeated get through, all at once (a forgotten connection: %s)',
    async (how) => {
      const { server, send, freeze } = await start(how);
      await send();
      expect(server.connections).toBe(AT_ONCE);
      freeze();
      await send();
      expect(server.answered).toBe(2 * AT_ONCE);
    },
  );

  it('calls succeed after a first call, as after a sign-in', async () => {
    const { server, send, freeze } = await start();
    await send();
    freeze();
    await send(1);
    await send();
    expect(server.answered).toBe(2 * AT_ONCE + 1);
  });

  it('calls succeed after a call in flight, which receives its answer', async () => {
    const { server, send, freeze } = await start();
    await send();
    const releaseAnswers = server.hold();
    const underWay = send(1);
    const before = server.answered;
    await vi.waitFor(() => expect(server.pending).toBe(1));
    freeze();
    releaseAnswers();
    await underWay;
    await send();
    expect(server.answered).toBe(before + 1 + AT_ONCE);
  });

  it('calls succeed between freezes of any length', async () => {
    const rounds = fc.array(fc.record({ ms: fc.nat({ max: 8000 }), calls: fc.integer({ min: 1, max: AT_ONCE }) }), {
      minLength: 2,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        const { server, send, freeze } = await start();
        let sent = 0;
        for (const { ms, calls } of all) {
          await send(calls);
          sent += calls;
          freeze(ms);
        }
        expect(server.answered).toBe(sent);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a connection', () => {
  it('is reused while it was idle for less than four seconds', async () => {
    const { server, send, freeze } = await start();
    await send();
    for (let round = 0; round < 5; round += 1) {
      freeze(3999);
      await send();
    }
    expect(server.connections).toBe(AT_ONCE);
  });

  it('is reused before others that were idle for longer', async () => {
    const { server, send, freeze } = await start();
    await send(2);
    for (let round = 0; round < 3; round += 1) {
      freeze(2000);
      await send(1);
    }
    expect(server.connections).toBe(2);
    await send(2);
    expect(server.connections).toBe(3);
  });

  it('is not reused after the clock was set back: its idle time is unknown', async () => {
    const { server, send, freeze } = await start();
    await send(1);
    freeze(-1000);
    await send(1);
    expect(server.connections).toBe(2);
  });
});

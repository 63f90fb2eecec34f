import * as z from 'zod';
import { json } from '#shared/http/answer.ts';
import { createHttp } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';

/**
 * A process of its own that calls a server whenever it is told, all calls at once, and says what came of them. Started with the
 * server's address, how many calls it makes, and how many times faster than the machine's its clock goes.
 */

const [, , url = '', calls = '', speed = ''] = process.argv;

const http = createHttp({
  connection: 'vault',
  url,
  limits: { inFlight: Number(calls), perSecond: 10_000, timeoutSeconds: 30 },
  now: () => Date.now() * Number(speed),
});

/** A call that is not sent again when nobody knows whether it got through. */
const post = {
  method: 'POST',
  path: 'Requests',
  body: jsonBody({}),
  idempotent: false,
  interpret: () => undefined,
  read: json(z.object({})),
} as const;

process.on('message', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: Number(calls) }, () => http.send(post)));
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
  process.send?.(failures);
});
process.on('disconnect', () => http.close());

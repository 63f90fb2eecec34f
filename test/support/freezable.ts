import * as z from 'zod';
import { json } from '#shared/http/answer.ts';
import { createHttp } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';

/**
 * Runs as a separate process. On each message it sends all its calls at once and replies with their failures.
 * Arguments: the server's URL, the number of calls, and the factor by which its clock is faster than the machine's.
 */

const [, , url = '', calls = '', speed = ''] = process.argv;

const http = createHttp({
  connection: 'vault',
  url,
  limits: { inFlight: Number(calls), perSecond: 10_000, timeoutSeconds: 30 },
  now: () => Date.now() * Number(speed),
});

/** A call that is not retried when its effect is unknown. */
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

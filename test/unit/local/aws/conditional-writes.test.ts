import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { callOf } from '#local/aws/calls.ts';
import { withConditionalWrites } from '#local/aws/conditional-writes.ts';
import { localClientConfig } from '#local/aws/resources.ts';

const closers: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const etag = (content: string) => `"${createHash('md5').update(content).digest('hex')}"`;

/** An object store that needs many turns of the event loop for a write, so that concurrent writes overlap. */
const start = async () => {
  const objects = new Map<string, string>();
  const tags = new Map<string, string>();
  const handle = withConditionalWrites(
    async (request, response) => {
      const body = await text(request);
      for (let turn = 0; turn < 50; turn += 1) await setImmediate();
      const [path = ''] = request.url?.split('?') ?? [];
      objects.set(path, body);
      tags.set(path, etag(body));
      response.end();
    },
    async (path) => tags.get(path),
  );
  const server = createServer(async (request, response) => {
    const call = callOf(request);
    if (call !== undefined) await handle(request, response, call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = new S3Client({
    ...localClientConfig(`http://127.0.0.1:${port}`),
    forcePathStyle: true,
    maxAttempts: 1,
  });
  closers.push(
    () => server[Symbol.asyncDispose](),
    async () => client.destroy(),
  );
  const put = (Key: string, Body: string, condition: { IfMatch?: string; IfNoneMatch?: string } = {}) =>
    client.send(new PutObjectCommand({ Bucket: 'b', Key, Body, ContentLength: Body.length, ...condition }));
  return { objects, put };
};

describe('conditional writes at the same time', () => {
  it.each<[string, { readonly IfMatch?: string; readonly IfNoneMatch?: string }]>([
    ['create', { IfNoneMatch: '*' }],
    ['replace what was read', { IfMatch: etag('first') }],
  ])('that may only %s have one winner', async (_, condition) => {
    const { objects, put } = await start();
    if (condition.IfMatch !== undefined) await put('k', 'first');
    const texts = ['a', 'b', 'c', 'd'];
    const outcomes = await Promise.allSettled(texts.map((body) => put('k', body, condition)));
    const winners = texts.filter((__, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toEqual([objects.get('/b/k')]);
  });

  it('never overwrite an unconditional write that began before', async () => {
    const { objects, put } = await start();
    await put('k', 'first');
    await Promise.allSettled([put('k', 'second'), put('k', 'third', { IfMatch: etag('first') })]);
    // If the conditional write came first, it succeeded and was replaced. If it came second, it was refused.
    expect(objects.get('/b/k')).toBe('second');
  });
});

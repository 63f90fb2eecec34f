import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWebhook } from '#functions/intake/webhook/webhook.ts';
import type { OperatorSecret } from '#shared/aws/operator-secret.ts';
import { RelayError } from '#shared/errors.ts';
import type { TicketChanged } from '#shared/messages/ticket-changed.ts';
import { Secret } from '#shared/secret.ts';
import { aWebhook, TIMED_TICKET } from '#test/support/tickets.ts';

const KEY = 'a key of enough length';
const OTHER = 'another key of enough length';
const NOW = Date.UTC(2026, 2, 1, 8);

const ROUTE = aWebhook({ signature: { type: 'hmac-sha256', keys: 'webhooks/jira' }, ticket: TIMED_TICKET });

describe('the webhook', () => {
  let keys: readonly string[] | RelayError | 'not JSON';
  let clock: number;
  let reads: number;
  let sent: TicketChanged[];
  let measured: (string | undefined)[];
  let failures: string[];
  let queueError: RelayError | undefined;
  let handle: ReturnType<typeof createWebhook>;
  beforeEach(() => {
    keys = [KEY];
    clock = NOW;
    reads = 0;
    sent = [];
    measured = [];
    failures = [];
    queueError = undefined;
    handle = createWebhook({
      webhooks: { jira: ROUTE },
      readKeys: async (): Promise<OperatorSecret> => {
        reads++;
        if (keys instanceof RelayError) throw keys;
        const text = keys === 'not JSON' ? keys : JSON.stringify({ keys });
        return { form: 'text', value: new Secret(text), versionId: '1' };
      },
      send: async (message) => {
        if (queueError !== undefined) throw queueError;
        sent.push(message);
      },
      measure: async (_route, rejection) => void measured.push(rejection),
      onFailure: (_route, { name, message }) => void failures.push(`${name}: ${message}`),
      now: () => clock,
    });
  });

  const post = (body: string | Buffer, { key = KEY, routeKey = 'POST /jira', isBase64Encoded = false } = {}) => {
    const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
    const text = Buffer.from(body).toString(isBase64Encoded ? 'base64' : 'utf8');
    return handle({ routeKey, headers: { 'x-hub-signature-256': signature }, body: text, isBase64Encoded });
  };

  it('queues a verified request once, with its body and the time', async () => {
    expect(await post('{"key":"OPS-1"}')).toEqual({ statusCode: 202 });
    expect(sent).toEqual([{ route: 'jira', receivedAt: new Date(NOW).toISOString(), body: '{"key":"OPS-1"}' }]);
    expect(measured).toEqual([undefined]);
  });

  it('accepts a body in base64', async () => {
    expect(await post('{"key":"ÖPS"}', { isBase64Encoded: true })).toEqual({ statusCode: 202 });
    expect(sent[0]?.body).toBe('{"key":"ÖPS"}');
  });

  it.each([
    ['with another key', () => post('{}', { key: OTHER }), 401, 'mismatch'],
    [
      'without a signature',
      () => handle({ routeKey: 'POST /jira', headers: {}, isBase64Encoded: false }),
      401,
      'missing',
    ],
    ['that is not UTF-8', () => post(Buffer.from([0xff]), { isBase64Encoded: true }), 401, 'malformed'],
    ['that is too long', () => post('x'.repeat(64 * 1024 + 1)), 413, 'too-long'],
    ['that is too long, with another key', () => post('x'.repeat(64 * 1024 + 1), { key: OTHER }), 401, 'mismatch'],
  ])('rejects a request %s, and queues nothing', async (_what, request, statusCode, reason) => {
    expect(await request()).toEqual({ statusCode });
    expect(sent).toEqual([]);
    expect(measured).toEqual([reason]);
  });

  it.each(['POST /other', 'GET /jira', 'POST /constructor', '$default'])('has no route %s', async (routeKey) => {
    expect(await post('{}', { routeKey })).toEqual({ statusCode: 404 });
    expect(reads).toBe(0);
  });

  it.each<[string, () => void, string]>([
    ['the keys cannot be read', () => (keys = new RelayError('StoreUnavailable', 'No answer.')), 'StoreUnavailable'],
    ['the keys are not JSON', () => (keys = 'not JSON'), 'BootstrapUnusable: The keys webhooks/jira are not JSON'],
    ['there is no key', () => (keys = []), 'BootstrapUnusable: The keys webhooks/jira are not a list'],
    [
      'a key is empty',
      () => (keys = [KEY, '']),
      'BootstrapUnusable: The keys webhooks/jira cannot be used: use at least',
    ],
    ['the queue does not answer', () => (queueError = new RelayError('StoreUnavailable', 'No.')), 'StoreUnavailable'],
  ])('lets the sender try again while %s', async (_what, breakIt, failure) => {
    breakIt();
    expect(await post('{}')).toEqual({ statusCode: 503 });
    expect(failures).toEqual([expect.stringContaining(failure)]);
    expect(measured).toEqual(['failed']);
    expect(failures.join()).not.toContain(KEY);
  });

  it('reads its keys every five minutes', async () => {
    for (const ms of [0, 299_999, 300_000]) {
      clock = NOW + ms;
      await post('{}');
    }
    expect(reads).toBe(2);
  });

  it('accepts a new key at once, and looks for one at most every ten seconds', async () => {
    await post('{}');
    keys = [KEY, OTHER];
    clock += 10_000;
    expect(await post('{}', { key: OTHER })).toEqual({ statusCode: 202 });
    for (let forged = 0; forged < 5; forged++) expect(await post('{}', { key: 'forged' })).toEqual({ statusCode: 401 });
    expect(reads).toBe(2);
  });

  it('no longer accepts a key that was removed, after five minutes', async () => {
    await post('{}');
    keys = [OTHER];
    clock += 300_000;
    expect(await post('{}')).toEqual({ statusCode: 401 });
  });
});

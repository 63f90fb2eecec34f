import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { sign as signLikeGitHub } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createWebhook } from '#functions/intake/webhook/webhook.ts';
import { Secret } from '#shared/secret.ts';
import { aWebhook, TIMED_TICKET } from '#test/support/tickets.ts';

/** Requests that were signed by others and then changed: none is accepted. */

const NOW = Date.UTC(2026, 2, 1, 8);
const TOLERANCE_MS = 300_000;
const TEXT_KEY = 'relay:Key-of-Enough-Length+1';
const BYTES_KEY = Buffer.alloc(32, 7);
const PAIR = generateKeyPairSync('ed25519');
const OTHER_PAIR = generateKeyPairSync('ed25519');

type Headers = Readonly<Record<string, string>>;

interface Sender {
  readonly signature: Record<string, string>;
  readonly key: string;
  /** Another usable key, as close to the first as its form allows. */
  readonly otherKey: string;
  readonly covers: { readonly body: boolean; readonly time: boolean };
  readonly headers: (text: string) => Headers | Promise<Headers>;
  /** Reduces the spellings that are accepted as the same to one. Default: every other spelling is refused. */
  readonly canonical?: (value: string) => string;
}

const whsec = (bytes: Buffer): string => `whsec_${bytes.toString('base64')}`;
const whpk = ({ publicKey }: typeof PAIR): string =>
  `whpk_${publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`;
const otherBytes = Buffer.from(BYTES_KEY);
otherBytes[31] = 6;
const hmac = (content: string) => createHmac('sha256', TEXT_KEY).update(content);
const textKeys = { key: TEXT_KEY, otherKey: TEXT_KEY.replace(/.$/, '2') };
const STANDARD_HEADERS = { 'webhook-id': 'msg_1Aa', 'webhook-timestamp': String(NOW / 1000) };
const ZENDESK_TIME = '2026-03-01T08:00:00Z';

/** Entries of a list in any order of spaces, as the specification separates them. */
const withoutSpaces = (value: string): string =>
  value
    .split(' ')
    .filter((one) => one !== '')
    .join(' ');

const SENDERS: Record<string, Sender> = {
  'Standard Webhooks v1': {
    signature: { type: 'standard-webhooks' },
    key: whsec(BYTES_KEY),
    otherKey: whsec(otherBytes),
    covers: { body: true, time: true },
    headers: (text) => ({
      ...STANDARD_HEADERS,
      'webhook-signature': new Webhook(whsec(BYTES_KEY)).sign(STANDARD_HEADERS['webhook-id'], new Date(NOW), text),
    }),
    canonical: withoutSpaces,
  },
  'Standard Webhooks v1a': {
    signature: { type: 'standard-webhooks' },
    key: whpk(PAIR),
    otherKey: whpk(OTHER_PAIR),
    covers: { body: true, time: true },
    headers: (text) => {
      const content = Buffer.from(`${Object.values(STANDARD_HEADERS).join('.')}.${text}`);
      const signature = sign(null, content, PAIR.privateKey).toString('base64');
      return { ...STANDARD_HEADERS, 'webhook-signature': `v1a,${signature}` };
    },
    canonical: withoutSpaces,
  },
  GitHub: {
    signature: { type: 'hmac-sha256' },
    ...textKeys,
    covers: { body: true, time: false },
    headers: async (text) => ({ 'x-hub-signature-256': await signLikeGitHub(TEXT_KEY, text) }),
  },
  Jira: {
    signature: { type: 'hmac-sha256', header: 'x-hub-signature' },
    ...textKeys,
    covers: { body: true, time: false },
    headers: (text) => ({ 'x-hub-signature': `sha256=${hmac(text).digest('hex')}` }),
  },
  PagerDuty: {
    signature: { type: 'pagerduty' },
    ...textKeys,
    covers: { body: true, time: false },
    headers: (text) => ({ 'x-pagerduty-signature': `v1=${hmac(text).digest('hex')}` }),
    // Its header is a list by commas, of which one signature has to match: other entries and spaces say nothing else.
    canonical: (value) =>
      [...new Set(value.split(',').map((one) => one.trim()))].filter((one) => /^v1=[0-9a-f]{64}$/.test(one)).join(),
  },
  Zendesk: {
    signature: { type: 'zendesk' },
    ...textKeys,
    covers: { body: true, time: true },
    headers: (text) => ({
      'x-zendesk-webhook-signature': hmac(ZENDESK_TIME + text).digest('base64'),
      'x-zendesk-webhook-signature-timestamp': ZENDESK_TIME,
    }),
  },
  'a shared value': {
    signature: { type: 'header' },
    ...textKeys,
    covers: { body: false, time: false },
    headers: () => ({ 'x-relay-key': TEXT_KEY }),
  },
  'a user and a password': {
    signature: { type: 'basic' },
    ...textKeys,
    covers: { body: false, time: false },
    headers: () => ({ authorization: `Basic ${Buffer.from(TEXT_KEY).toString('base64')}` }),
    // The name of the HTTP authentication scheme is not case-sensitive.
    canonical: (value) => value.replace(/^basic /i, 'Basic '),
  },
};

interface Request {
  readonly body: Buffer;
  readonly headers: Headers;
  readonly now: number;
  readonly key: string;
}

/** Other spellings of what may be the same bytes, and the usual slips of parsers. */
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const RESPELLINGS: Readonly<Record<string, (value: string) => string>> = {
  'upper case': (value) => value.toUpperCase(),
  'lower case': (value) => value.toLowerCase(),
  'no padding': (value) => value.replace(/=+$/, ''),
  'more padding': (value) => `${value}=`,
  'the alphabet for URLs': (value) => value.replaceAll('+', '-').replaceAll('/', '_'),
  'other spare bits': (value) =>
    value.replace(
      /([A-Za-z0-9+/])(=+)$/,
      (_all, last: string, end: string) => `${BASE64[BASE64.indexOf(last) ^ 1]}${end}`,
    ),
  'a half': (value) => value.slice(0, value.length / 2),
  'all but one': (value) => value.slice(0, -1),
  joined: (value) => `${value},${value}`,
  'joined with a space': (value) => `${value}, ${value}`,
  'a forged one before': (value) => `${'A'.repeat(value.length)},${value}`,
  'a later version': (value) => value.replace(/^(v|sha)\d+/, '$19'),
  nothing: () => '',
  'a zero byte': (value) => `${value}\0`,
};

const CHARACTERS = [...BASE64, '=', ',', '.', '-', '_', ':', '\t', 'é'];

const changeBody = fc
  .record({
    how: fc.constantFrom('flip', 'swap', 'append', 'drop', 'prepend', 'replace'),
    at: fc.nat(),
    to: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  })
  .map(({ how, at, to, bytes }) => (request: Request): Request => {
    const body = Buffer.from(request.body);
    const [here, there] = [at % body.length, to % body.length];
    const [one = 0, other = 0] = [body[here], body[there]];
    if (how === 'append') return { ...request, body: Buffer.concat([body, bytes]) };
    if (how === 'prepend') return { ...request, body: Buffer.concat([bytes, body]) };
    if (how === 'drop') return { ...request, body: Buffer.concat([body.subarray(0, here), body.subarray(here + 1)]) };
    if (how === 'replace') return { ...request, body: Buffer.from(bytes) };
    body[here] = how === 'flip' ? one ^ (1 << (to % 8)) : other;
    if (how === 'swap') body[there] = one;
    return { ...request, body };
  });

const changeHeader = fc
  .record({
    which: fc.nat(),
    at: fc.nat(),
    how: fc.constantFrom('drop', 'rename', 'insert', 'replace', 'remove', ...Object.keys(RESPELLINGS)),
    character: fc.constantFrom(...CHARACTERS),
  })
  .map(({ which, at, how, character }) => ({ headers, ...request }: Request): Request => {
    const names = Object.keys(headers);
    const name = names[which % names.length] ?? '';
    const { [name]: value = '', ...others } = headers;
    const here = at % (value.length + 1);
    const put = (changed: string): Request => ({ ...request, headers: { ...others, [name]: changed } });
    if (how === 'drop') return { ...request, headers: others };
    if (how === 'rename') return { ...request, headers: { ...others, [`x-${name}`]: value } };
    if (how === 'insert') return put(value.slice(0, here) + character + value.slice(here));
    if (how === 'replace') return put(value.slice(0, here) + character + value.slice(here + 1));
    if (how === 'remove') return put(value.slice(0, here) + value.slice(here + 1));
    return put(RESPELLINGS[how]?.(value) ?? value);
  });

const changeTime = fc.record({ by: fc.integer({ min: 1, max: 10 * 366 * 86_400_000 }), isLate: fc.boolean() }).map(
  ({ by, isLate }) =>
    (request: Request): Request => ({
      ...request,
      now: request.now + (isLate ? 1 : -1) * (TOLERANCE_MS + by),
    }),
);

const changeToInvalidUtf8 = fc.constantFrom([0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]).map(
  (bytes) =>
    (request: Request): Request => ({
      ...request,
      body: Buffer.concat([request.body, Buffer.from(bytes)]),
    }),
);

/** Everything that a scheme judges, with accepted spellings reduced to one. */
const judged = ({ body, headers, now, key }: Request, { canonical = (value) => value }: Sender): string =>
  JSON.stringify([
    body.toString('base64'),
    Object.entries(headers)
      .map(([name, value]) => [name, /signature$|^authorization$/.test(name) ? canonical(value) : value])
      .sort(),
    now,
    key,
  ]);

const post = async ({ body, headers, now, key }: Request, { signature }: Sender) => {
  let queued = 0;
  const route = aWebhook({ signature: { ...signature, keys: 'webhooks/route' }, ticket: TIMED_TICKET });
  const handle = createWebhook({
    webhooks: { route },
    readKeys: async () => ({ form: 'text', value: new Secret(JSON.stringify({ keys: [key] })), versionId: '1' }),
    send: async () => void queued++,
    measure: async () => {},
    onFailure: () => {},
    now: () => now,
  });
  const { statusCode } = await handle({
    routeKey: 'POST /route',
    headers: { ...headers },
    body: body.toString('base64'),
    isBase64Encoded: true,
  });
  return { statusCode, queued };
};

/** Changes signed requests of every sender at random, `numRuns` in all. */
export const refuseMutations = (numRuns: number): void => {
  const senders = Object.entries(SENDERS);
  describe('a request that was changed after it was signed', () => {
    it.each(senders)('by %s is refused, and nothing is queued', async (_who, sender) => {
      const { covers, otherKey } = sender;
      const mutation = fc.oneof(
        { weight: 4, arbitrary: changeHeader },
        { weight: 1, arbitrary: fc.constant((request: Request): Request => ({ ...request, key: otherKey })) },
        { weight: 1, arbitrary: changeToInvalidUtf8 },
        ...(covers.body ? [{ weight: 3, arbitrary: changeBody }] : []),
        ...(covers.time ? [{ weight: 1, arbitrary: changeTime }] : []),
      );
      const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((state) => JSON.stringify({ state }));
      await fc.assert(
        fc.asyncProperty(text, mutation, async (body, change) => {
          const signed = { body: Buffer.from(body), headers: await sender.headers(body), now: NOW, key: sender.key };
          const changed = change(signed);
          fc.pre(judged(changed, sender) !== judged(signed, sender));
          expect(await post(signed, sender)).toEqual({ statusCode: 202, queued: 1 });
          expect(await post(changed, sender)).toEqual({ statusCode: 401, queued: 0 });
        }),
        { numRuns: Math.ceil(numRuns / senders.length) },
      );
    });
  });
};

import { createHmac, generateKeyPairSync, sign as signEd25519 } from 'node:crypto';
import { sign as signLikeGitHub } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { Secret } from '#shared/secret.ts';
import { bodyHmac, pagerDuty, zendesk } from '#shared/webhooks/schemes/hmac-sha256.ts';
import { basic, sharedHeader } from '#shared/webhooks/schemes/shared-value.ts';
import { standardWebhooks } from '#shared/webhooks/schemes/standard-webhooks.ts';

const NOW = Date.UTC(2026, 2, 1, 8);
const bytes = (text: string) => Buffer.from(text);

/** The vector in the tests of the libraries of Standard Webhooks. */
const VECTOR = {
  key: new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
  now: 1_614_265_330_000,
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  body: bytes('{"test": 2432232314}'),
};

describe('Standard Webhooks', () => {
  const verify = (headers: Record<string, string | undefined> = {}, { body = VECTOR.body, now = VECTOR.now } = {}) =>
    standardWebhooks.verify({ headers: { ...VECTOR.headers, ...headers }, body }, [VECTOR.key], now);

  it('accepts the published vector', () => {
    expect(verify()).toEqual({ verified: true, signedAt: VECTOR.now });
  });

  it.each([
    ['without an id', { 'webhook-id': undefined }, 'missing'],
    ['without a timestamp', { 'webhook-timestamp': undefined }, 'missing'],
    ['without a signature', { 'webhook-signature': undefined }, 'missing'],
    ['with another id', { 'webhook-id': 'msg_other' }, 'mismatch'],
    ['with an id that shifts the border', { 'webhook-id': 'a.b' }, 'malformed'],
    ['with a time that another parser accepts', { 'webhook-timestamp': '1614265330abc' }, 'malformed'],
    ['with a fraction of a second', { 'webhook-timestamp': '1614265330.9' }, 'malformed'],
    ['with two signatures that a proxy joined', { 'webhook-signature': 'v1,A,v1,B' }, 'malformed'],
    ['with a signature of an unknown version alone', { 'webhook-signature': 'v9,g0hM9SsE' }, 'mismatch'],
    ['with too many signatures', { 'webhook-signature': 'v1,A '.repeat(9).trim() }, 'malformed'],
  ])('rejects a request %s', (_what, headers, rejection) => {
    expect(verify(headers)).toEqual({ verified: false, rejection });
  });

  it('accepts any of several signatures, and skips those of unknown versions', () => {
    const { 'webhook-signature': right } = VECTOR.headers;
    const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;
    expect(verify({ 'webhook-signature': `v9,new ${wrong} ${right}` })).toMatchObject({ verified: true });
  });

  it('accepts an attempt for five minutes in both directions', () => {
    for (const ms of [-300_000, 300_000])
      expect(verify({}, { now: VECTOR.now + ms })).toMatchObject({ verified: true });
    for (const ms of [-300_001, 300_001]) {
      expect(verify({}, { now: VECTOR.now + ms })).toEqual({ verified: false, rejection: 'expired' });
    }
  });

  it('accepts what the library of the specification signs, with either of two keys', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ minLength: 24, maxLength: 64 }), (body, key) => {
        const text = `whsec_${Buffer.from(key).toString('base64')}`;
        const headers = {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(NOW / 1000),
          'webhook-signature': new Webhook(text).sign('msg_1', new Date(NOW), body.toWellFormed()),
        };
        const keys = [VECTOR.key, new Secret(text)];
        const received = { headers, body: bytes(body.toWellFormed()) };
        expect(standardWebhooks.verify(received, keys, NOW)).toMatchObject({ verified: true });
      }),
    );
  });

  it('verifies the bytes of a body, not its text', () => {
    const body = Buffer.from([0xff, 0xfe, 0x22]);
    const key = Buffer.alloc(24, 7);
    const signature = createHmac('sha256', key)
      .update(`m.${NOW / 1000}.`)
      .update(body)
      .digest('base64');
    const headers = {
      'webhook-id': 'm',
      'webhook-timestamp': String(NOW / 1000),
      'webhook-signature': `v1,${signature}`,
    };
    const keys = [new Secret(`whsec_${key.toString('base64')}`)];
    expect(standardWebhooks.verify({ headers, body }, keys, NOW)).toMatchObject({ verified: true });
    const other = Buffer.from([0xff, 0xfd, 0x22]);
    expect(standardWebhooks.verify({ headers, body: other }, keys, NOW)).toMatchObject({ rejection: 'mismatch' });
  });

  it('accepts a key pair', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const content = Buffer.concat([bytes(`m.${NOW / 1000}.`), bytes('{}')]);
    const signature = signEd25519(null, content, privateKey).toString('base64');
    const headers = {
      'webhook-id': 'm',
      'webhook-timestamp': String(NOW / 1000),
      'webhook-signature': `v1a,${signature}`,
    };
    const keys = [new Secret(`whpk_${raw.toString('base64')}`)];
    expect(standardWebhooks.verify({ headers, body: bytes('{}') }, keys, NOW)).toMatchObject({ verified: true });
    expect(standardWebhooks.verify({ headers, body: bytes('{ }') }, keys, NOW)).toMatchObject({
      rejection: 'mismatch',
    });
  });

  it.each(['', 'whsec_', 'whsec_AAAA', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whpk_AAAA', 'whsec_???'])(
    'has no use for the key %j',
    (text) => {
      expect(standardWebhooks.keyProblem(new Secret(text))).toContain('whsec_');
      expect(standardWebhooks.verify(VECTOR, [new Secret(text)], VECTOR.now)).toMatchObject({ verified: false });
    },
  );
});

const KEY = "It's a Secret to Everybody";

describe('a signature over the body', () => {
  it.each([
    ['Jira', 'x-hub-signature', 'Hello World!', 'a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9'],
    [
      'GitHub',
      'x-hub-signature-256',
      'Hello, World!',
      '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    ],
  ])('of the published vector of %s is accepted', (_who, header, body, hex) => {
    const received = { headers: { [header]: `sha256=${hex}` }, body: bytes(body) };
    expect(bodyHmac(header).verify(received, [new Secret(KEY)], NOW)).toEqual({ verified: true, signedAt: undefined });
  });

  it('of the library of GitHub is accepted, with either of two keys', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), async (text) => {
        const body = text.toWellFormed();
        const headers = { 'x-hub-signature-256': await signLikeGitHub(KEY, body) };
        const keys = [new Secret('another key of enough length'), new Secret(KEY)];
        const verdict = bodyHmac('x-hub-signature-256').verify({ headers, body: bytes(body) }, keys, NOW);
        expect(verdict).toMatchObject({ verified: true });
      }),
    );
  });

  it.each([
    ['none', undefined, 'missing'],
    ['another method', `sha512=${'a'.repeat(128)}`, 'malformed'],
    ['no method', 'a'.repeat(64), 'malformed'],
    ['upper case', `sha256=${'A'.repeat(64)}`, 'malformed'],
    ['two that a proxy joined', `sha256=${'a'.repeat(64)},sha256=${'a'.repeat(64)}`, 'malformed'],
    ['the signature of another body', `sha256=${'a'.repeat(64)}`, 'mismatch'],
  ])('is rejected: %s', (_what, signature, rejection) => {
    const received = { headers: { 'x-hub-signature': signature }, body: bytes('{}') };
    expect(bodyHmac('x-hub-signature').verify(received, [new Secret(KEY)], NOW)).toEqual({
      verified: false,
      rejection,
    });
  });

  it('needs a key: an empty one is refused when it is read', () => {
    expect(bodyHmac('x-hub-signature').keyProblem(new Secret(''))).toBe('use at least 16 random characters');
    expect(bodyHmac('x-hub-signature').keyProblem(new Secret(KEY))).toBeUndefined();
  });
});

describe('PagerDuty', () => {
  const hex = createHmac('sha256', KEY).update('{}').digest('hex');
  it.each([
    ['one signature', `v1=${hex}`, { verified: true }],
    ['one for each live key', `v1=${'a'.repeat(64)},v1=${hex}`, { verified: true }],
    ['a later version beside it', `v2=new, v1=${hex}`, { verified: true }],
    ['a wrong one', `v1=${'a'.repeat(64)}`, { rejection: 'mismatch' }],
    ['a later version alone', 'v2=new', { rejection: 'malformed' }],
  ])('is judged by %s', (_what, signature, verdict) => {
    const received = { headers: { 'x-pagerduty-signature': signature }, body: bytes('{}') };
    expect(pagerDuty.verify(received, [new Secret(KEY)], NOW)).toMatchObject(verdict);
  });
});

describe('Zendesk', () => {
  const at = '2026-03-01T08:00:00Z';
  const signature = (timestamp: string) => createHmac('sha256', KEY).update(`${timestamp}{}`).digest('base64');
  const verify = (timestamp: string, signed = timestamp) =>
    zendesk.verify(
      {
        headers: {
          'x-zendesk-webhook-signature': signature(signed),
          'x-zendesk-webhook-signature-timestamp': timestamp,
        },
        body: bytes('{}'),
      },
      [new Secret(KEY)],
      NOW,
    );
  it('signs the time of the attempt', () => {
    expect(verify(at)).toEqual({ verified: true, signedAt: NOW });
    expect(verify(at, '2026-03-01T08:00:01Z')).toMatchObject({ rejection: 'mismatch' });
    expect(verify('2026-03-01T07:00:00Z')).toMatchObject({ rejection: 'expired' });
    expect(verify('yesterday')).toMatchObject({ rejection: 'malformed' });
  });
});

describe('a sender that cannot sign', () => {
  const KEY = 'relay:Key-of-Enough-Length';
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const schemes = { header: sharedHeader('x-relay-key'), basic };
  const verify = (scheme: keyof typeof schemes, value: string | undefined, keys = [KEY]) =>
    schemes[scheme].verify(
      { headers: { [scheme === 'header' ? 'x-relay-key' : 'authorization']: value }, body: bytes('{}') },
      keys.map((key) => new Secret(key)),
      NOW,
    );

  it('is known by its shared value, or by its user and password, with either of two keys', () => {
    const two = ['other:Key-of-Enough-Length', KEY];
    for (const verdict of [
      verify('header', KEY, two),
      verify('basic', `Basic ${base64(KEY)}`, two),
      verify('basic', `basic ${base64(KEY)}`),
    ])
      expect(verdict).toEqual({ verified: true, signedAt: undefined });
  });

  it.each([
    ['header', 'without its header', undefined, 'missing'],
    ['header', 'with another value', `${KEY}x`, 'mismatch'],
    ['header', 'with two values that a proxy joined', `${KEY},${KEY}`, 'malformed'],
    ['header', 'with a space at the end', `${KEY} `, 'malformed'],
    ['basic', 'without its header', undefined, 'missing'],
    ['basic', 'with another password', `Basic ${base64(`${KEY}x`)}`, 'mismatch'],
    ['basic', 'with another scheme', `Bearer ${base64(KEY)}`, 'malformed'],
    ['basic', 'with two headers that a proxy joined', `Basic ${base64(KEY)},Basic ${base64(KEY)}`, 'malformed'],
  ] as const)('by %s is rejected %s', (scheme, _what, value, rejection) => {
    expect(verify(scheme, value)).toEqual({ verified: false, rejection });
  });

  it('needs a long key, which fits into one header', () => {
    for (const key of ['', 'too short', `${KEY},x`, ` ${KEY}`, `${KEY}\n`])
      expect(schemes.header.keyProblem(new Secret(key))).toContain('use 16 to 1024');
    for (const key of ['', 'relay:short', 'Key-of-Enough-Length', 'a:b:'])
      expect(schemes.basic.keyProblem(new Secret(key))).toContain('use user:password');
    for (const scheme of Object.values(schemes)) expect(scheme.keyProblem(new Secret(KEY))).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { parseBootstrap } from '#shared/connections/password-safe/bootstrap.ts';
import { Secret } from '#shared/secret.ts';

const parse = (type: 'oauth' | 'api-key', content: unknown) =>
  parseBootstrap(type, new Secret(typeof content === 'string' ? content : JSON.stringify(content)), 'corp-vault');

describe('a bootstrap secret', () => {
  it('of another origin is named by it, so that no other secret is overwritten', () => {
    const parseVariable = () => parseBootstrap('oauth', new Secret('canary'), 'vault', 'variable CREDENTIALS_VAULT');
    expect(parseVariable).toThrow('vault: the variable CREDENTIALS_VAULT is not a JSON object');
  });

  it('contains an OAuth client, trimmed', () => {
    expect(
      parseBootstrap('oauth', new Secret('{"clientId": " id\\n", "clientSecret": "s3cret\\n", "more": 1}'), 'c'),
    ).toEqual({ clientId: 'id', clientSecret: new Secret('s3cret') });
    const { clientSecret } = parseBootstrap('oauth', new Secret('{"clientId":"i","clientSecret":" s \\n"}'), 'c');
    expect(clientSecret.reveal()).toBe('s');
  });

  it('contains an API key, trimmed, and an optional password, which keeps its spaces', () => {
    const text = new Secret(JSON.stringify({ apiKey: ' k\n', runAs: 'CORP\\svc ', password: ' p ' }));
    const { apiKey, runAs, password } = parseBootstrap('api-key', text, 'c');
    expect([apiKey.reveal(), runAs, password?.reveal()]).toEqual(['k', 'CORP\\svc', ' p ']);
    expect(parse('api-key', { apiKey: 'k', runAs: 'svc' })).toMatchObject({ runAs: 'svc' });
  });

  it.each(['JBSWY3DPEHPK3PXP', ' jbsw y3dp ehpk 3pxp=\n', 'otpauth://totp/Vault:svc?secret=JBSWY3DPEHPK3PXP'])(
    'contains the seed of a second factor, written as %j',
    (totpSeed) => {
      const text = new Secret(JSON.stringify({ apiKey: 'k', runAs: 'svc', totpSeed }));
      expect(parseBootstrap('api-key', text, 'c').totpSeed?.reveal()).toBe(totpSeed.trim());
    },
  );

  it.each<['oauth' | 'api-key', unknown, RegExp]>([
    ['oauth', 'canary', /corp-vault: the bootstrap secret is not a JSON object.*clientId/],
    ['oauth', '"canary"', /is not a JSON object/],
    ['oauth', ['canary'], /is not a JSON object/],
    ['oauth', { clientId: 'canary' }, /has no valid clientSecret\./],
    ['oauth', { clientId: '  ', clientSecret: 7 }, /has no valid clientId and no valid clientSecret/],
    ['oauth', { apiKey: 'canary', runAs: 'x' }, /type is oauth: put \{"clientId"/],
    ['api-key', { apiKey: 'canary' }, /has no valid runAs.*"runAs": "DOMAIN/],
    ['api-key', { apiKey: 'canary', runAs: 'x', password: '' }, /has no valid password/],
    ['api-key', { apiKey: 'k', runAs: 'x', totpSeed: 'canary-0189' }, /has no valid totpSeed/],
    ['api-key', { apiKey: 'k', runAs: 'x', totpSeed: 'otpauth://hotp/x?secret=canary' }, /totpSeed/],
  ])('of type %s with %j is refused with the fix, and without its content in the error', (type, content, message) => {
    expect(() => parse(type, content)).toThrow(expect.objectContaining({ name: 'BootstrapUnusable' }));
    expect(() => parse(type, content)).toThrow(message);
    expect(() => parse(type, content)).not.toThrow(/canary/);
  });
});

import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { passwordSafe } from '#shared/connections/password-safe/type.ts';

const settingsWith = (authentication: object) =>
  passwordSafe.settings.parse({
    type: 'password-safe',
    url: 'https://pam.example.com/BeyondTrust/api/public/v3/',
    authentication,
  });
const OAUTH = settingsWith({ type: 'oauth', bootstrapSecret: 'pam/bootstrap' });
const KEY = settingsWith({
  type: 'api-key',
  bootstrapSecret: 'pam/bootstrap',
  clientCertificate: { secret: 'pam/certificate' },
});

const common = { connection: 'vault', stores: ['aws'], name: 'prod/{systemName}/{accountName}' };
const aSync = (settings: object = {}) =>
  passwordSafe.sources['accounts']?.sync?.parse({
    ...common,
    schedule: { expression: 'rate(1 hour)' },
    ...settings,
  });

describe('the settings of a Password Safe', () => {
  it('store the address without a trailing slash, and have default limits', () => {
    expect(OAUTH).toMatchObject({
      url: 'https://pam.example.com/BeyondTrust/api/public/v3',
      limits: { inFlight: 16, perSecond: 200, timeoutSeconds: 30 },
    });
  });

  it('name the secrets that operators create for signing in, and the settings that refer to them', () => {
    expect(passwordSafe.operatorSecrets(OAUTH)).toEqual([
      { path: ['authentication', 'bootstrapSecret'], what: 'bootstrap secret', secret: 'pam/bootstrap' },
    ]);
    expect(passwordSafe.operatorSecrets(KEY).slice(1)).toEqual([
      {
        path: ['authentication', 'clientCertificate', 'secret'],
        what: 'client certificate',
        secret: 'pam/certificate',
      },
    ]);
  });

  it('share a token only with OAuth', () => {
    expect([OAUTH, KEY].map((settings) => passwordSafe.sharesToken(settings))).toEqual([true, false]);
  });
});

describe('a rule of a Password Safe', () => {
  it('delivers passwords of accounts by default', () => {
    expect(aSync()).toMatchObject({
      source: 'accounts',
      access: 'request',
      credential: 'password',
      value: { username: '{accountName}', password: '{credential}' },
      select: { systems: [], workgroups: [], types: [] },
    });
  });

  it('writes a key with its passphrase, unless it has its own value', () => {
    const value = { username: '{accountName}', privateKey: '{credential}', passphrase: '{passphrase}' };
    expect(aSync({ credential: 'dsskey' })).toMatchObject({ value });
    expect(aSync({ credential: 'dsskey', value: '{credential}' })).toMatchObject({ value: '{credential}' });
  });

  it('delivers passwords of accounts under checkouts, too', () => {
    const checkout = passwordSafe.sources['accounts']?.checkout?.parse(common);
    expect(checkout).toMatchObject({ source: 'accounts', access: 'request', delivers: 'password' });
    expect(passwordSafe.sources['aliases']?.checkout).toBeUndefined();
  });

  it('accepts no unknown setting', () => {
    expect(() => aSync({ acccess: 'isa' })).toThrow(/acccess/);
  });
});

describe('the type', () => {
  it('loads no code that calls a vault before a connection is opened', async () => {
    const { metafile } = await build({
      entryPoints: ['shared/connections/password-safe/type.ts'],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      splitting: true,
      outdir: 'build/type',
      packages: 'external',
    });
    const loaded = new Set(['shared/connections/password-safe/type.ts']);
    for (const path of loaded) {
      const imports = metafile.inputs[path]?.imports ?? [];
      for (const one of imports) if (one.kind === 'import-statement') loaded.add(one.path);
    }
    expect(loaded).toContain('shared/connections/password-safe/sources/accounts.ts');
    expect([...loaded].filter((path) => /shared\/(http|aws)\/|session\.ts$|-access\.ts$/.test(path))).toEqual([]);
  });
});

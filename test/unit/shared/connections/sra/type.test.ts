import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { spanSince } from '#shared/connections/sra/reports/activity.ts';
import { sra } from '#shared/connections/sra/type.ts';

const settingsWith = (more: object = {}) =>
  sra.settings.parse({
    type: 'sra',
    url: 'https://pra.example.com/',
    authentication: { bootstrapSecret: 'bootstrap/pra' },
    ...more,
  });

const common = { source: 'vault-accounts', connection: 'pra', stores: ['aws'], name: 'pra/{groupName}/{accountName}' };
const { sync, checkout, rotation } = sra.sources['vault-accounts'] ?? {};
const aSync = (settings: object = {}) =>
  sync?.parse({ ...common, schedule: { expression: 'rate(1 hour)' }, ...settings });

describe('the settings of a site', () => {
  it('store the address without a trailing slash, and have limits below those of the site', () => {
    expect(settingsWith()).toMatchObject({
      url: 'https://pra.example.com',
      limits: { inFlight: 8, perSecond: 15, timeoutSeconds: 30 },
    });
    expect(() => settingsWith({ limits: { perSecond: 21 } })).toThrow(/perSecond/);
  });

  it('name the site alone', () => {
    expect(() => settingsWith({ url: 'https://pra.example.com/api/config/v1' })).toThrow(
      /write the site alone, without a path: https:\/\/pra\.example\.com/,
    );
  });

  it('have one secret, and a token that is shared', () => {
    expect(sra.operatorSecrets(settingsWith())).toEqual([
      { path: ['authentication', 'bootstrapSecret'], what: 'bootstrap secret', secret: 'bootstrap/pra' },
    ]);
    expect(sra.sharesToken(settingsWith())).toBe(true);
  });
});

describe('a rule of a site', () => {
  it('delivers every account that is not changed after each check-in, with its user', () => {
    expect(aSync()).toMatchObject({
      autoRotated: false,
      rotationWindowMinutes: 10,
      value: { username: '{userName}', password: '{credential}' },
      select: { names: [], groups: [], types: [], policies: [] },
    });
  });

  it('takes a change soon after a check-in for one of the site only if the site may make it', () => {
    const windowOf = (more: object) =>
      sra.sources['vault-accounts']?.rules({ source: 'vault-accounts', rotationWindowMinutes: 10, ...more })
        .rotationWindowMinutes;
    expect([windowOf({ autoRotated: false }), windowOf({ autoRotated: true })]).toEqual([0, 10]);
  });

  it('names the account policy as the cause of a change after each check-in', () => {
    const { rotationFix } = sra.sources['vault-accounts']?.rules({ source: 'vault-accounts' }) ?? {};
    expect(rotationFix).toContain('account policy');
    expect(rotationFix).not.toContain('API Rotation Override');
  });

  it.each(['personal', 'password_safe', 'aws_secret', 'x509_ca'])('cannot select the type %s', (type) => {
    expect(() => aSync({ select: { types: [type] } })).toThrow(/types/);
  });

  it('reports check-outs that are as old as the part of the activity report that is read', () => {
    const { shownHours } = sra.sources['vault-accounts']?.rules({ source: 'vault-accounts' }) ?? {};
    expect(shownHours).toBe((0 - spanSince(0).fromMs) / 3_600_000);
  });

  it('rotates Windows accounts alone', () => {
    const parse = (type: string) =>
      rotation?.parse({ ...common, select: { types: [type] }, stores: undefined, name: undefined });
    expect(() => parse('ssh')).toThrow(/types/);
  });

  it('of a checkout asks for no change at the end, which only a policy decides', () => {
    expect(checkout?.parse(common)).toMatchObject({ rotateOnCheckIn: false });
    expect(() => checkout?.parse({ ...common, rotateOnCheckIn: true })).toThrow(/rotateOnCheckIn/);
  });
});

describe('the type', () => {
  it('loads no code that calls a site before a connection is opened', async () => {
    const { metafile } = await build({
      entryPoints: ['shared/connections/sra/type.ts'],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      splitting: true,
      outdir: 'build/type',
      packages: 'external',
    });
    const loaded = new Set(['shared/connections/sra/type.ts']);
    for (const path of loaded) {
      const imports = metafile.inputs[path]?.imports ?? [];
      for (const one of imports) if (one.kind === 'import-statement') loaded.add(one.path);
    }
    expect(loaded).toContain('shared/connections/sra/sources/vault-accounts.ts');
    expect([...loaded].filter((path) => /shared\/(http|aws)\/|session\.ts$|-access\.ts$/.test(path))).toEqual([]);
  });
});

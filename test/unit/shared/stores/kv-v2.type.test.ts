import { describe, expect, it, vi } from 'vitest';
import type { Http } from '#shared/http/http.ts';
import { kvV2 } from '#shared/stores/kv-v2/type.ts';
import type { StoreContext, StoreRemote } from '#shared/stores/store.ts';
import { UNPACED } from '#test/support/fakes.ts';

const AUTH = { role: 'pam-relay', audience: 'https://vault.example.com' };
const settingsWith = (changes: Readonly<Record<string, unknown>> = {}) =>
  kvV2.settings.parse({ type: 'kv-v2', url: 'https://vault.example.com:8200/', auth: AUTH, ...changes });

describe('the type kv-v2', () => {
  it('has a place for each server, namespace and mount', () => {
    expect(kvV2.place?.(settingsWith())).toBe('kv-v2/vault.example.com:8200/secret');
    expect(kvV2.place?.(settingsWith({ namespace: 'team', mount: 'kv/apps', folder: 'relay' }))).toBe(
      'kv-v2/vault.example.com:8200/team/kv/apps',
    );
    expect(kvV2.place?.(settingsWith({ namespace: 'root' }))).toBe(kvV2.place?.(settingsWith()));
  });

  it.each([
    ['mount', '/secret'],
    ['mount', 'secret/'],
    ['folder', 'a/../b'],
    ['folder', '.'],
    ['namespace', 'a//b'],
    ['url', 'http://vault.example.com'],
    ['auth', { ...AUTH, audience: 'https://$name.example.com' }],
  ])('refuses the %s %j', (setting, value) => expect(() => settingsWith({ [setting]: value })).toThrow());

  it('needs one permission of AWS, limited to its audience, and none without rules', () => {
    const scope = {
      owners: 'relay/*',
      session: 'sdr',
      encryptionKey: 'key',
      partition: 'aws',
      region: 'eu-central-1',
      account: '000000000000',
    };
    for (const use of ['list', 'inspect', 'deliver', 'retire'] as const) {
      const grants = kvV2.grants(settingsWith(), use, { ...scope, prefixes: ['prod/'] });
      expect(grants).toMatchObject([{ actions: ['sts:GetWebIdentityToken'] }]);
      expect(JSON.stringify(grants)).toContain(AUTH.audience);
    }
    expect(kvV2.grants(settingsWith(), 'deliver', { ...scope, prefixes: [] })).toEqual([]);
  });

  it('paces the three writes of a delivery', () => {
    expect(kvV2.pacing?.(settingsWith({ writesPerSecond: 9 }))).toEqual({ perSecond: 9, create: 3, replace: 3 });
    expect(kvV2.pacing?.(settingsWith({ writesPerSecond: 'unlimited' }))).toBeUndefined();
  });

  it('connects once for all owners of a process, and again for other settings', () => {
    const http: Http = { send: () => Promise.reject(new Error('not called')), close: async () => {} };
    const connect = vi.fn((_remote: StoreRemote) => http);
    const tokens: StoreContext['tokens'] = { ...UNPACED.tokens };
    const context = { ...UNPACED, connect, tokens, encryptionKey: undefined };
    const settings = settingsWith({ ca: 'PEM' });
    for (const owner of ['a', 'b']) kvV2.connect(settings, { ...context, owner });
    expect(connect).toHaveBeenCalledExactlyOnceWith({
      url: 'https://vault.example.com:8200',
      ca: 'PEM',
      limits: settings.limits,
    });
    kvV2.connect(settingsWith({ mount: 'other' }), { ...context, owner: 'a' });
    kvV2.connect(settings, { ...context, owner: 'a', tokens: { ...tokens } });
    expect(connect).toHaveBeenCalledTimes(3);
  });

  it('gives a command that hands a secret over', () => {
    const { adoption } = kvV2.connect(settingsWith({ namespace: 'team', folder: 'relay' }), {
      ...UNPACED,
      tokens: { ...UNPACED.tokens },
      connect: () => ({ send: () => Promise.reject(new Error('not called')), close: async () => {} }),
      encryptionKey: undefined,
      owner: 'relay.000000000000.eu-central-1/web',
    });
    expect(adoption("prod/o'b")).toBe(
      "bao kv metadata patch -namespace=team -mount=secret -custom-metadata=pam-relay:owner=relay.000000000000.eu-central-1/web 'relay/prod/o'\\''b' # for HashiCorp Vault: vault instead of bao",
    );
  });
});

import { describe, expect, it } from 'vitest';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import type { SecretState } from '#local/simulators/password-safe/secrets-safe.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { SafeApiVersion } from '#shared/connections/password-safe/safe-secret.ts';
import { openSecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import type { Source, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { listAll, openSite, readsOf, type TestSite } from './site.ts';

const READER = { ...DEFAULT_APPLICATION, roles: ['secrets-safe'] as const };
const VERSIONS: readonly SafeApiVersion[] = ['3.0', '3.1', '3.2'];

const open = ({ plain = 0, ...options }: PasswordSafeOptions & { plain?: number } = {}) =>
  openSite({ users: [READER], secrets: createSecrets({ plain }), ...options });

const ruleFor = (apiVersion: SafeApiVersion = '3.0'): Source => ({ source: 'secrets-safe', apiVersion });

const readContent = async (session: VaultSession, item: Item, version?: SafeApiVersion) =>
  (await readsOf(session, ruleFor(version)).read(item, { reason: '' })).content;

const valuesHandedOut = ({ simulator }: TestSite): string[] => simulator.audit.flatMap(({ secretIds }) => secretIds);

const stateOf = ({ simulator }: TestSite, secretId: string): SecretState => {
  const state = simulator.secretsSafe.byId(secretId);
  if (state === undefined) throw new Error(`There is no secret ${secretId}.`);
  return state;
};

describe('listing Secrets Safe', () => {
  it.each(VERSIONS)('finds everything of several pages without a single value, in version %s', async (version) => {
    const site = await open({ plain: 2100, switches: { decryptByDefault: true } });
    const { items, complete } = await site.vault.session((session) => listAll(session, ruleFor(version)));
    const known = site.simulator.secretsSafe.all.filter(({ type }) => type !== 'Certificate');
    expect(complete).toBe(true);
    expect(items.map(({ ref }) => ref.id)).toEqual(known.map(({ row }) => row.secretId));
    // Without a count only a page that brings nothing new is the last one.
    expect(site.effects('secrets')).toBe(version === '3.2' ? 3 : 4);
    expect(valuesHandedOut(site)).toEqual([]);
    expect(JSON.stringify(items)).not.toContain('canary-');
  });

  it('shows the type and the folder of a secret', async () => {
    const site = await open();
    const { items } = await site.vault.session((session) => listAll(session, ruleFor()));
    expect(items[1]).toMatchObject({
      ref: { kind: 'safe-secret' },
      title: 'Team B/Apps/api',
      labels: { type: 'credential', title: 'api', username: 'svc "api"\\', folderPath: 'Team B/Apps' },
      changing: false,
    });
  });

  it.each([
    ['3.0', true],
    ['3.1', true],
    ['3.2', false],
  ] as const)('in version %s treats a new description as a change of the value: %s', async (version, counts) => {
    const site = await open();
    const [secret] = site.simulator.secretsSafe.all;
    await site.vault.session(async (session) => {
      const before = (await listAll(session, ruleFor(version))).items[0];
      site.clock.now += 60_000;
      site.simulator.secretsSafe.describe(secret?.row.secretId ?? '', 'used by the shop');
      const after = (await listAll(session, ruleFor(version))).items[0];
      expect(after?.changedAt !== before?.changedAt).toBe(counts);
      expect(after?.handle).toMatchObject({ modifiedAt: new Date(site.clock.now).toISOString() });
    });
  });

  it('reports a site that ignores the offset', async () => {
    const site = await open({ plain: 1100, switches: { offsetIgnored: true } });
    expect((await site.vault.session((session) => listAll(session, ruleFor()))).complete).toBe(false);
  });

  it('requires a permission, which the error names', async () => {
    const site = await openSite({ secrets: createSecrets({ plain: 0 }) });
    await site.vault.session(async (session) => {
      const failure = await site.failureOf(listAll(session, ruleFor()));
      expect(failure).toMatchObject({
        name: 'PermissionMissing',
        message: expect.stringContaining('Secrets Safe (Read)'),
      });
    });
  });
});

describe('reading Secrets Safe', () => {
  it.each(VERSIONS)('returns every value byte for byte, one by one in version %s', async (version) => {
    const site = await open();
    await site.vault.session(async (session) => {
      for (const item of (await listAll(session, ruleFor(version))).items) {
        const content = await readContent(session, item, version);
        const { value } = stateOf(site, item.ref.id);
        if ('file' in content) expect(Buffer.from(content.file.reveal()).equals(Buffer.from(value))).toBe(true);
        else expect(content.secret.reveal()).toBe(value);
      }
    });
  });

  it.each(VERSIONS)('returns the credentials and texts of a folder in one call in version %s', async (version) => {
    const site = await open({ plain: 1300 });
    await site.vault.session(async (session) => {
      const { items } = await listAll(session, ruleFor(version));
      const wanted = session.prepare?.(ruleFor(version))?.arrange(items.slice(-1300)) ?? [];
      const reads = session.access(ruleFor(version), wanted);
      if (reads.kind !== 'plain-reads') throw new Error('Secrets Safe needs no request.');
      const calls = site.effects('secrets');
      for (const item of wanted) {
        const { content } = await reads.read(item, { reason: '' });
        expect('file' in content || content.secret.reveal()).toBe(stateOf(site, item.ref.id).value);
      }
      expect(wanted).toHaveLength(1300);
      expect([site.effects('secrets') - calls, site.effects('secret')]).toEqual([2, 0]);
    });
  });

  it('returns only secrets of a folder that were modified since, however the site interprets that', async () => {
    for (const afterDate of ['later', 'not-earlier'] as const) {
      const site = await open({ plain: 5, switches: { afterDate } });
      const changed = site.simulator.secretsSafe.all.at(-1)?.row.secretId ?? '';
      site.simulator.secretsSafe.change(changed);
      const since = new Date(site.clock.now - 60_000).toISOString();
      await site.call(async (session) => {
        const { folderId } = stateOf(site, changed);
        const ids: string[] = [];
        for await (const page of openSecretsSafe(session).readFolder({ folderId, since, version: '3.0' }))
          ids.push(...page.keys());
        expect(ids).toEqual([changed]);
      });
      expect(valuesHandedOut(site)).toEqual([changed]);
    }
  });

  it('returns a file of the maximum size', async () => {
    const [file] = createSecrets({ plain: 0 }).filter(({ shape }) => shape === 'file');
    const secrets = file === undefined ? [] : [{ ...file, shape: 'largest-file' as const }];
    const site = await open({ secrets });
    await site.vault.session(async (session) => {
      const [item] = (await listAll(session, ruleFor())).items;
      if (item === undefined) throw new Error('Nothing is listed.');
      const content = await readContent(session, item);
      const { value } = stateOf(site, item.ref.id);
      expect('file' in content && Buffer.from(content.file.reveal()).equals(Buffer.from(value))).toBe(true);
    });
  });

  it('reports a secret that no longer exists', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      for (const item of (await listAll(session, ruleFor())).items) {
        site.simulator.secretsSafe.remove(item.ref.id);
        expect((await site.failureOf(readContent(session, item))).name).toBe('NotFound');
      }
    });
  });

  it('does not accept a login page as a file', async () => {
    const site = await open();
    site.simulator.faults.add({ kind: 'secret', effect: { type: 'wrong-content-type' } });
    await site.vault.session(async (session) => {
      const { items } = await listAll(session, ruleFor());
      const file = items.find(({ labels }) => labels['type'] === 'file');
      if (file === undefined) throw new Error('No file is listed.');
      expect((await site.failureOf(readContent(session, file))).name).toBe('AnswerMalformed');
    });
  });
});

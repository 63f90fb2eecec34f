import { describe, expect, it } from 'vitest';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import type { SecretState } from '#local/simulators/password-safe/secrets-safe.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SafeApiVersion, SafeSecret } from '#shared/domain/safe-secret.ts';
import { openSite, type TestSite } from './site.ts';

const READER = { ...DEFAULT_APPLICATION, roles: ['secrets-safe'] as const };
const VERSIONS: readonly SafeApiVersion[] = ['3.0', '3.1', '3.2'];

const open = ({ plain = 0, ...options }: PasswordSafeOptions & { plain?: number } = {}) =>
  openSite({ users: [READER], secrets: createSecrets({ plain }), ...options });

const listAll = async (session: VaultSession, version: SafeApiVersion = '3.0') => {
  const secrets: SafeSecret[] = [];
  let complete = true;
  for await (const page of session.secretsSafe.list(version)) {
    secrets.push(...page.secrets);
    complete &&= page.complete;
  }
  return { secrets, complete };
};

const valuesHandedOut = ({ simulator }: TestSite): string[] => simulator.audit.flatMap(({ secretIds }) => secretIds);

const stateOf = ({ simulator }: TestSite, secretId: string): SecretState => {
  const state = simulator.secretsSafe.byId(secretId);
  if (state === undefined) throw new Error(`There is no secret ${secretId}.`);
  return state;
};

describe('listing Secrets Safe', () => {
  it.each(VERSIONS)('finds everything of several pages without a single value, in version %s', async (version) => {
    const site = await open({ plain: 2100, switches: { decryptByDefault: true } });
    const { secrets, complete } = await site.vault.withSession((session) => listAll(session, version));
    const known = site.simulator.secretsSafe.all.filter(({ type }) => type !== 'Certificate');
    expect(complete).toBe(true);
    expect(secrets.map(({ secretId }) => secretId)).toEqual(known.map(({ row }) => row.secretId));
    expect(site.effects('secrets')).toBe(3);
    expect(valuesHandedOut(site)).toEqual([]);
    expect(JSON.stringify(secrets)).not.toContain('canary-');
  });

  it('tells what a secret is and where it lies', async () => {
    const site = await open();
    const { secrets } = await site.vault.withSession((session) => listAll(session));
    expect(secrets[1]).toMatchObject({
      kind: 'safe-secret',
      type: 'credential',
      title: 'api',
      username: 'svc "api"\\',
      folderPath: 'Team B/Apps',
    });
  });

  it.each([
    ['3.0', true],
    ['3.1', true],
    ['3.2', false],
  ] as const)('in version %s takes a new description for a change of the value: %s', async (version, counts) => {
    const site = await open();
    const [secret] = site.simulator.secretsSafe.all;
    await site.vault.withSession(async (session) => {
      const before = (await listAll(session, version)).secrets[0];
      site.clock.now += 60_000;
      site.simulator.secretsSafe.describe(secret?.row.secretId ?? '', 'used by the shop');
      const after = (await listAll(session, version)).secrets[0];
      expect(after?.changedAt !== before?.changedAt).toBe(counts);
      expect(after?.modifiedAt).toBe(new Date(site.clock.now).toISOString());
    });
  });

  it('says so when the site ignores the offset', async () => {
    const site = await open({ plain: 1100, switches: { offsetIgnored: true } });
    expect((await site.vault.withSession((session) => listAll(session))).complete).toBe(false);
  });

  it('needs the permission, and says which', async () => {
    const site = await openSite({ secrets: createSecrets({ plain: 0 }) });
    await site.vault.withSession(async (session) => {
      const failure = await site.failureOf(listAll(session));
      expect(failure).toMatchObject({
        name: 'PermissionMissing',
        message: expect.stringContaining('Secrets Safe (Read)'),
      });
    });
  });
});

describe('reading Secrets Safe', () => {
  it.each(VERSIONS)('gives every value as it is, to the last byte, one by one in version %s', async (version) => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      for (const secret of (await listAll(session, version)).secrets) {
        const content = await session.secretsSafe.read(secret, version);
        const { value } = stateOf(site, secret.secretId);
        if ('file' in content) expect(Buffer.from(content.file.reveal()).equals(Buffer.from(value))).toBe(true);
        else expect(content.secret.reveal()).toBe(value);
      }
    });
  });

  it.each(VERSIONS)('gives credentials and texts of a folder at once in version %s', async (version) => {
    const site = await open({ plain: 1300 });
    await site.vault.withSession(async (session) => {
      const { secrets } = await listAll(session, version);
      const folderId = secrets.at(-1)?.folderId ?? '';
      const calls = site.effects('secrets');
      const found = new Map<string, string>();
      for await (const page of session.secretsSafe.readFolder({ folderId, version })) {
        for (const [secretId, value] of page) found.set(secretId, value.reveal());
      }
      expect(found.size).toBe(1300);
      for (const [secretId, value] of found) expect(value).toBe(stateOf(site, secretId).value);
      expect(site.effects('secrets') - calls).toBe(2);
    });
  });

  it('gives of a folder only what was modified since, however the site reads that', async () => {
    for (const afterDate of ['later', 'not-earlier'] as const) {
      const site = await open({ plain: 5, switches: { afterDate } });
      const changed = site.simulator.secretsSafe.all.at(-1)?.row.secretId ?? '';
      site.simulator.secretsSafe.change(changed);
      const since = new Date(site.clock.now - 60_000).toISOString();
      await site.vault.withSession(async (session) => {
        const { folderId } = stateOf(site, changed);
        const ids: string[] = [];
        for await (const page of session.secretsSafe.readFolder({ folderId, since, version: '3.0' }))
          ids.push(...page.keys());
        expect(ids).toEqual([changed]);
      });
      expect(valuesHandedOut(site)).toEqual([changed]);
    }
  });

  it('gives a file of the largest size there is', async () => {
    const [file] = createSecrets({ plain: 0 }).filter(({ shape }) => shape === 'file');
    const secrets = file === undefined ? [] : [{ ...file, shape: 'largest-file' as const }];
    const site = await open({ secrets });
    await site.vault.withSession(async (session) => {
      const [secret] = (await listAll(session)).secrets;
      if (secret === undefined) throw new Error('Nothing is listed.');
      const content = await session.secretsSafe.read(secret, '3.0');
      const { value } = stateOf(site, secret.secretId);
      expect('file' in content && Buffer.from(content.file.reveal()).equals(Buffer.from(value))).toBe(true);
    });
  });

  it('of what is not there any more says so', async () => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      const { secrets } = await listAll(session);
      for (const secret of secrets) {
        site.simulator.secretsSafe.remove(secret.secretId);
        expect((await site.failureOf(session.secretsSafe.read(secret, '3.0'))).name).toBe('NotFound');
      }
    });
  });

  it('takes no login page for a file', async () => {
    const site = await open();
    site.simulator.faults.add({ kind: 'secret', effect: { type: 'wrong-content-type' } });
    await site.vault.withSession(async (session) => {
      const { secrets } = await listAll(session);
      const file = secrets.find(({ type }) => type === 'file');
      if (file === undefined) throw new Error('No file is listed.');
      expect((await site.failureOf(session.secretsSafe.read(file, '3.0'))).name).toBe('AnswerMalformed');
    });
  });
});

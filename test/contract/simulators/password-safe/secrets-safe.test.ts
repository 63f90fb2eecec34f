import { describe, expect, test } from 'vitest';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { APPLICATION, type Caller, MINUTE_MS, startSite, type TestSite } from './site.ts';

const READER: SimulatedUser = { ...APPLICATION, roles: ['secrets-safe'] };
const SECRETS = createSecrets({ plain: 3 });
const [CREDENTIAL, , TEXT] = SECRETS;
const FILE = SECRETS.find(({ shape }) => shape === 'file');
if (CREDENTIAL === undefined || TEXT === undefined || FILE === undefined) throw new Error('There are too few secrets.');

const open = async (options: Parameters<typeof startSite>[0] = {}): Promise<TestSite & { caller: Caller }> => {
  const site = await startSite({ secrets: SECRETS, users: [READER], ...options });
  return { ...site, caller: await site.signIn(READER) };
};
const read = async (caller: Caller, path: string) => JSON.parse((await caller.get(`Secrets-Safe/${path}`)).text);
const ids = (rows: readonly { Id: string }[]): string[] => rows.map(({ Id }) => Id);

describe('a list of secrets', () => {
  test('is an array in versions 3.0 and 3.1, and wrapped with its count in 3.2', async () => {
    const { caller } = await open();
    for (const version of ['3.0', '3.1']) {
      expect(await read(caller, `Secrets?version=${version}`)).toHaveLength(SECRETS.length);
    }
    expect(await read(caller, 'Secrets?version=3.2&limit=2&offset=1')).toMatchObject({
      TotalCount: SECRETS.length,
      Data: [{ SecretValueModifiedOn: expect.any(String) }, {}],
    });
    expect((await read(caller, 'Secrets'))[0]).not.toHaveProperty('SecretValueModifiedOn');
  });

  test('contains values only if decryption is requested or the version always decrypts, and never files', async () => {
    const { caller, simulator } = await open();
    expect(
      JSON.stringify((await read(caller, 'Secrets')).map((row: { Password: unknown }) => row.Password)),
    ).not.toContain('canary-');
    const rows = await read(caller, 'Secrets?decrypt=true');
    expect(rows.find(({ Id }: { Id: string }) => Id === CREDENTIAL.secretId).Password).toMatch(/canary-[0-9a-f]{24}/);
    expect(rows.find(({ Id }: { Id: string }) => Id === TEXT.secretId).Password).toMatch(/canary-[0-9a-f]{24}/);
    expect(rows.find(({ Id }: { Id: string }) => Id === FILE.secretId).Password).toBeNull();
    simulator.switches.decryptByDefault = true;
    expect((await read(caller, 'Secrets'))[0].Password).toMatch(/canary/);
    expect((await read(caller, 'Secrets?decrypt=false'))[0].Password).toBeNull();
  });

  test('is filtered by path, title, folder and date, and is empty if nothing matches', async () => {
    const { caller, simulator, pass, now } = await open();
    const path = encodeURIComponent('Team B/Apps');
    expect(ids(await read(caller, `Secrets?path=${path}&title=api`))).toEqual([SECRETS[1]?.secretId]);
    expect(ids(await read(caller, 'Secrets?path=Team%20B.Apps&separator=.'))).toEqual([SECRETS[1]?.secretId]);
    const [first] = await read(caller, 'Secrets');
    const inFolder = await read(caller, `Secrets?folderId=${first.FolderId.toUpperCase()}`);
    expect(inFolder.every((row: { FolderPath: string }) => row.FolderPath === 'Team A/Apps')).toBe(true);
    pass(MINUTE_MS);
    simulator.secretsSafe.change(TEXT.secretId);
    const at = (ms: number) => new Date(ms).toISOString().replace('.000', '');
    expect(ids(await read(caller, `Secrets?afterDate=${at(now() - 1000)}`))).toEqual([TEXT.secretId]);
    expect(await read(caller, `Secrets?afterDate=${at(now())}`)).toEqual([]);
    simulator.switches.afterDate = 'not-earlier';
    expect(ids(await read(caller, `Secrets?afterDate=${at(now())}`))).toEqual([TEXT.secretId]);
    expect(await read(caller, 'Secrets?title=nothing')).toEqual([]);
    expect((await caller.get('Secrets-Safe/Secrets?afterDate=yesterday')).status).toBe(400);
  });

  test('has at most a thousand rows', async () => {
    const { caller } = await open({ secrets: createSecrets({ plain: 1500 }) });
    expect(await read(caller, 'Secrets?limit=5000')).toHaveLength(1000);
  });
});

describe('a secret', () => {
  test('is read by its type, a file as bytes, and every value is noted in the audit', async () => {
    const { caller, simulator } = await open();
    expect((await read(caller, `Secrets/${CREDENTIAL.secretId}`)).Password).toMatch(/canary/);
    expect((await read(caller, `Secrets/${TEXT.secretId.toUpperCase()}/Text`)).Text).toMatch(/canary/);
    expect(await read(caller, `Secrets/${FILE.secretId}/File`)).toMatchObject({ FileName: FILE.title });
    const download = await caller.get(`Secrets-Safe/Secrets/${FILE.secretId}/File/Download`);
    expect(download.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
    expect(download.text).toMatch(/canary/);
    expect((await caller.get(`Secrets-Safe/Secrets/${FILE.secretId}/Text`)).status).toBe(404);
    expect(simulator.audit.flatMap(({ secretIds }) => secretIds)).toEqual([
      CREDENTIAL.secretId,
      TEXT.secretId,
      FILE.secretId,
    ]);
  });

  test('has separate dates for changes of value and description, and can be deleted', async () => {
    const { caller, simulator, pass } = await open({ switches: { dateFormat: 'Z' } });
    const row = () => read(caller, `Secrets/${CREDENTIAL.secretId}?version=3.2`);
    const before = await row();
    expect(before.ModifiedOn).toBeNull();
    pass(MINUTE_MS);
    simulator.secretsSafe.describe(CREDENTIAL.secretId, 'new');
    const described = await row();
    expect(described).toMatchObject({ SecretValueModifiedOn: before.SecretValueModifiedOn, Description: 'new' });
    expect(described.ModifiedOn).toBe('2026-03-01T12:01:00Z');
    simulator.secretsSafe.change(CREDENTIAL.secretId);
    expect(await row()).toMatchObject({ SecretValueModifiedOn: '2026-03-01T12:01:00Z' });
    expect((await row()).Password).not.toBe(before.Password);
    simulator.secretsSafe.remove(CREDENTIAL.secretId);
    expect((await caller.get(`Secrets-Safe/Secrets/${CREDENTIAL.secretId}`)).status).toBe(404);
  });

  test('is in a folder of a safe', async () => {
    const { caller } = await open();
    const [folders, safes] = [await read(caller, 'Folders'), await read(caller, 'Safes')];
    expect(safes.map(({ Name }: { Name: string }) => Name)).toEqual(['Team A', 'Team B', 'Team C']);
    expect(folders.filter(({ ParentId }: { ParentId: string }) => ParentId === safes[0].Id)).toHaveLength(3);
  });

  test('is available only with the permission', async () => {
    const strict = await startSite({ secrets: SECRETS });
    const caller = await strict.signIn();
    for (const path of ['Secrets', 'Folders', 'Safes', `Secrets/${CREDENTIAL.secretId}`]) {
      expect((await caller.get(`Secrets-Safe/${path}`)).status).toBe(403);
    }
  });
});

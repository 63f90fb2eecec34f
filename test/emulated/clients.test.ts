import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { buildGoClient } from './support/go.ts';
import { installPython } from './support/install.ts';
import { runClient, type Sandbox, startSandbox } from './support/sandbox.ts';

const SCRIPTS = resolve(import.meta.dirname, 'support');
const FLEET = { accounts: 24, seed: 3 };
const ACCOUNTS = createFleet(FLEET);
const PLAIN = ACCOUNTS.filter(({ kind }) => kind === 'plain');
const SYSTEMS = [...new Set(ACCOUNTS.map(({ systemName }) => systemName))];

const WAYS = ['oauth', 'api-key'] as const;
const CLIENTS = ['python', 'bt', 'go'] as const;

/** Accounts that no other test reads: the vault changes a credential some time after its check-in. */
const accountsFor = (client: (typeof CLIENTS)[number], way: (typeof WAYS)[number]) =>
  PLAIN.filter((_, index) => index % 6 === WAYS.indexOf(way) * CLIENTS.length + CLIENTS.indexOf(client));
const CANARY = expect.stringMatching(/canary-[0-9a-f]{24}/);

let sandbox: Sandbox;
let tools: { readonly library: string; readonly btCli: string; readonly go: string };
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'clients-'));
  // The installations and the build wait for downloads, so they share the time.
  const [started, library, btCli, go] = await Promise.all([
    startSandbox('--accounts', String(FLEET.accounts), '--seed', String(FLEET.seed)),
    installPython('vendor-client'),
    installPython('bt-cli'),
    buildGoClient(),
  ]);
  sandbox = started;
  tools = { library, btCli, go };
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await sandbox?.stop();
});

describe("the vendor's Python library", () => {
  it.each(WAYS)('reads credentials from the sandbox and checks them in, signed in by %s', async (way) => {
    const input = JSON.stringify(sandbox.printed);
    for (const { systemName, accountName, credential } of accountsFor('python', way)) {
      const args = [join(SCRIPTS, 'vendor_client.py'), way, `${systemName}/${accountName}`];
      const printed = await runClient(tools.library, args, { env: {}, input });
      expect(JSON.parse(printed)).toEqual({ credential, leftOpen: 0 });
    }
  });

  it('accepts the certificate in the strict mode of Python 3.13', async () => {
    const input = JSON.stringify(sandbox.printed);
    expect(await runClient(tools.library, [join(SCRIPTS, 'strict_tls.py')], { env: {}, input })).toBe('accepted\n');
  });
});

describe('the unofficial command line tool bt-cli', () => {
  /** Runs `bt pws …` with the environment that docs/sandbox.md describes. */
  const bt = async (way: (typeof WAYS)[number], ...args: readonly string[]): Promise<string> => {
    const { url, caFile, clientId, clientSecret, apiKey, runAs } = sandbox.printed.passwordSafe;
    const factors: Record<typeof way, Record<string, string>> = {
      oauth: { BT_PWS_CLIENT_ID: clientId, BT_PWS_CLIENT_SECRET: clientSecret },
      'api-key': { BT_PWS_API_KEY: apiKey, BT_PWS_RUN_AS: runAs },
    };
    const shared = { BT_PWS_API_URL: url, SSL_CERT_FILE: caFile, HOME: home, COLUMNS: '200' };
    const env = { ...shared, ...factors[way] };
    return runClient(tools.btCli, ['-m', 'bt_cli.cli', 'pws', ...args], { env, reports: args[0] === 'quick' });
  };
  const readJson = async (way: (typeof WAYS)[number], ...args: readonly string[]) =>
    JSON.parse(await bt(way, ...args, '--output', 'json'));

  it.each(WAYS)('tests the connection, and checks a credential out and in, signed in by %s', async (way) => {
    expect(await bt(way, 'auth', 'test')).toContain('All tests passed!');
    const [account] = accountsFor('bt', way);
    if (account === undefined) throw new Error('The fleet is too small.');
    const names = ['--system', account.systemName, '--account', account.accountName];
    const { RequestID: id } = await readJson(way, 'credentials', 'checkout', ...names);
    expect(await readJson(way, 'credentials', 'list')).toMatchObject([{ RequestID: id, Status: 'Active' }]);
    expect(await bt(way, 'credentials', 'show', String(id), '--raw')).toBe(account.credential);
    await bt(way, 'credentials', 'checkin', String(id));
    expect(await bt(way, 'credentials', 'list')).toContain('No requests found.');
  });

  it.each(WAYS)('reads secrets, signed in by %s', async (way) => {
    const secrets = await readJson(way, 'secrets', 'secrets', 'list');
    const { Id } = secrets.find(({ FolderPath }: { FolderPath: string }) => FolderPath === 'Team A/Apps');
    expect(await readJson(way, 'secrets', 'secrets', 'get', Id, '--show-password')).toMatchObject({ Password: CANARY });
    expect(await readJson(way, 'secrets', 'folders', 'list')).toContainEqual(expect.objectContaining({ Name: 'Apps' }));
  });

  it('onboards a system with an account, and offboards it', async () => {
    const system = ['--name', 'web-77', '--ip', '10.7.7.7', '--workgroup', '1', '--platform', '2', '--port', '22'];
    const managed = ['--functional-account', '1', '--elevation', 'sudo', '--account', 'root', '--output', 'json'];
    const printed = await bt('oauth', 'quick', 'onboard', ...system, ...managed);
    const made = JSON.parse(printed);
    expect(made).toMatchObject({ system_name: 'web-77', account_name: 'root', workgroup_id: 1 });
    const systems = () => readJson('oauth', 'systems', 'list');
    expect(await systems()).toContainEqual(expect.objectContaining({ SystemName: 'web-77' }));
    expect(await readJson('oauth', 'accounts', 'get', String(made.account_id))).toMatchObject({ AccountName: 'root' });
    await bt('oauth', 'quick', 'offboard', '--system', 'web-77', '--force');
    expect(await systems()).not.toContainEqual(expect.objectContaining({ SystemName: 'web-77' }));
  });

  it('checks the account that the sandbox names at its PRA site out and in', async () => {
    const { url, caFile, clientId, clientSecret, account } = sandbox.printed.pra;
    const env = {
      BT_PRA_API_URL: url,
      BT_PRA_CLIENT_ID: clientId,
      BT_PRA_CLIENT_SECRET: clientSecret,
      SSL_CERT_FILE: caFile,
      HOME: home,
    };
    const pra = (...args: readonly string[]) =>
      runClient(tools.btCli, ['-m', 'bt_cli.cli', 'pra', 'vault', 'accounts', ...args], { env, reports: true });
    expect(JSON.parse(await pra('checkout', String(account.id)))).toMatchObject({ password: CANARY });
    await pra('checkin', String(account.id));
  });

  it('lists everything with which people begin', async () => {
    const lists = {
      SystemName: ['systems', 'list'],
      AccountName: ['accounts', 'list'],
      ShortName: ['platforms', 'list'],
      OrganizationID: ['workgroups', 'list'],
      UserName: ['users', 'list'],
      GroupType: ['users', 'groups'],
      RoleID: ['users', 'roles'],
      AccessPolicyID: ['config', 'policies', 'list'],
      PasswordRuleID: ['config', 'rules', 'list'],
    };
    const found = await Promise.all(
      Object.entries(lists).map(async ([field, command]) => {
        const rows: Record<string, unknown>[] = await readJson('oauth', ...command);
        return [field, rows.map((row) => row[field])] as const;
      }),
    );
    const { SystemName, AccountName, ...others } = Object.fromEntries(found);
    expect(SystemName).toEqual(SYSTEMS);
    expect(AccountName).toEqual(ACCOUNTS.map(({ accountName }) => accountName));
    for (const values of Object.values(others)) expect(values?.every((value) => value !== undefined)).toBe(true);
    for (const values of Object.values(others)) expect(values).not.toEqual([]);
  });
});

describe("the vendor's Go library", () => {
  it.each(WAYS)('reads credentials, secrets and lists, signed in by %s', async (way) => {
    const accounts = accountsFor('go', way);
    const paths = accounts.map(({ systemName, accountName }) => `${systemName}/${accountName}`);
    const wanted = { accounts: paths, secrets: ['Team A/Apps/api', 'Team A/Apps/connection'] };
    const env = { SSL_CERT_FILE: sandbox.printed.passwordSafe.caFile };
    const printed = await runClient(tools.go, [way], { env, input: JSON.stringify({ ...sandbox.printed, ...wanted }) });
    expect(JSON.parse(printed)).toEqual({
      user: sandbox.printed.passwordSafe.runAs,
      accounts: Object.fromEntries(accounts.map(({ credential }, index) => [paths[index], credential])),
      secrets: { 'Team A/Apps/api': CANARY, 'Team A/Apps/connection': CANARY },
      listed: {
        accounts: ACCOUNTS.map(({ systemName, accountName }) => `${systemName}/${accountName}`),
        systems: SYSTEMS,
        platforms: expect.arrayContaining(['Linux', 'Windows']),
        workgroups: expect.arrayContaining(['Default Workgroup']),
        folders: expect.arrayContaining(['Team A', 'Apps', 'Files']),
      },
    });
  });
});

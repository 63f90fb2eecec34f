import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountType } from '#local/simulators/sra/account-types.ts';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { publicKeyOf } from '#local/simulators/sra/credentials.ts';
import { createFleet, DEFAULT_GROUPS } from '#local/simulators/sra/fleet.ts';
import { DEFAULT_PEOPLE } from '#local/simulators/sra/people.ts';
import { type SraSimulator, startSra } from '#local/simulators/sra/server.ts';
import { installPython } from './support/install.ts';
import { runClient } from './support/sandbox.ts';

const { name: OWN_NAME, clientId, clientSecret } = DEFAULT_API_ACCOUNT;
const FLEET = createFleet({ accounts: 28, seed: 1 });

let site: SraSimulator;
let python: string;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'sra-client-'));
  const switches = { callsPerSecond: Number.POSITIVE_INFINITY, rotationDelayMs: 0, actionAnswer: 'json' } as const;
  [site, python] = await Promise.all([startSra({ fleet: FLEET, switches }), installPython('bt-cli')]);
  writeFileSync(join(home, 'ca.pem'), site.caPem);
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await site?.close();
});

/** Runs `bt pra …` and returns its standard output. It reports successes where others report errors. */
const bt = async (args: readonly string[], exit = 0): Promise<string> => {
  const env = {
    BT_PRA_API_URL: site.url,
    BT_PRA_CLIENT_ID: clientId,
    BT_PRA_CLIENT_SECRET: clientSecret,
    SSL_CERT_FILE: join(home, 'ca.pem'),
    HOME: home,
    COLUMNS: '200',
  };
  return runClient(python, ['-m', 'bt_cli.cli', 'pra', ...args], { env, reports: true, exit });
};
/** Some commands print their progress before the JSON. */
const readJson = async (...args: readonly string[]) =>
  JSON.parse((await bt([...args, '--output', 'json'])).replace(/^[^[{]*/, ''));
const vaultAccounts = (...args: readonly string[]) => bt(['vault', 'accounts', ...args]);

const viewOf = (id: number) => {
  const found = site.accounts().find((account) => account.id === id);
  if (found === undefined) throw new Error(`There is no account ${id}.`);
  return found;
};

/** Accounts that no other test uses: each test takes the next one of its kind. */
const taken = new Set<number>();
const take = (kind: string, type?: AccountType) => {
  const found = site
    .accounts()
    .find((account) => account.kind === kind && (type ?? account.type) === account.type && !taken.has(account.id));
  if (found === undefined) throw new Error(`The fleet has too few accounts of kind ${kind}.`);
  taken.add(found.id);
  return found;
};

describe('the unofficial command line tool bt-cli, at a PRA site', () => {
  it('signs in and tests the connection', async () => {
    await bt(['auth', 'test']);
    expect(site.audit).toMatchObject([
      { kind: 'token', status: 200 },
      { kind: 'other', status: 200 },
    ]);
    expect(site.liveTokens()).toHaveLength(1);
  });

  it('lists the accounts that are not personal, without a credential', async () => {
    const rows: Record<string, unknown>[] = await readJson('vault', 'accounts', 'list');
    const shared = FLEET.filter(({ kind }) => kind !== 'personal');
    expect(rows.map(({ id, type, name }) => ({ id, type, name }))).toEqual(
      shared.map(({ id, type, name }) => ({ id, type, name })),
    );
    expect(JSON.stringify(rows)).not.toContain('canary-');
  });

  it('lists the accounts of one type with all their fields, and shows one', async () => {
    const rows: Record<string, unknown>[] = await readJson('vault', 'accounts', 'list', '--type', 'ssh', '--details');
    const keys = FLEET.filter(({ type }) => type === 'ssh');
    expect(rows.map((row) => [row['id'], row['username'], row['public_key']])).toEqual(
      keys.map(({ id, userName, canary }) => [id, userName, publicKeyOf(canary)]),
    );
    expect(rows[0]).toMatchObject(await readJson('vault', 'accounts', 'get', String(keys[0]?.id)));
  });

  it('creates an account, and deletes it', async () => {
    const command = ['create', '--name', 'made by bt', '--type', 'token', '--token', 'a token', '-g', '2'];
    const { id } = JSON.parse(await vaultAccounts(...command));
    expect(viewOf(id)).toMatchObject({ name: 'made by bt', type: 'opaque_token', credential: 'a token', groupId: 2 });
    await vaultAccounts('delete', String(id), '--force');
    expect(site.accounts().map((account) => account.id)).not.toContain(id);
  });

  it.each([
    ['username_password', 'password', 'json'],
    ['opaque_token', 'token', 'no-content'],
    ['ssh', 'private_key', 'no-content'],
    ['ssh_ca', 'private_key', 'json'],
    ['windows_local', 'password', 'json'],
    ['windows_domain', 'password', 'no-content'],
  ] as const)('checks out the credential of an account of type %s, and checks it in', async (type, field, answer) => {
    site.switches.actionAnswer = answer;
    const { id, credential, userName } = take('plain', type);
    const printed = JSON.parse(await vaultAccounts('checkout', String(id)));
    expect(printed).toMatchObject({ type, [field]: credential, ...(userName !== null && { username: userName }) });
    expect(viewOf(id).heldBy).toEqual([OWN_NAME]);
    await vaultAccounts('checkin', String(id));
    expect(viewOf(id).heldBy).toEqual([]);
  });

  it('is refused an account that a person holds, and ends that check-out by force', async () => {
    site.switches.actionAnswer = 'json';
    const { id, heldBy } = take('held');
    expect(heldBy).toEqual(['Dana Meyer']);
    expect(await bt(['vault', 'accounts', 'checkout', String(id)], 1)).toBe('');
    expect(viewOf(id).heldBy).toEqual(heldBy);
    await vaultAccounts('force-checkin', String(id), '--force');
    expect(viewOf(id).heldBy).toEqual([]);
  });

  it('rotates the credential of a Windows account, and is refused that of another', async () => {
    site.switches.actionAnswer = 'json';
    const { id, credential } = take('plain', 'windows_domain');
    await vaultAccounts('rotate', String(id));
    expect(site.changesOf(id)).toBe(1);
    expect(viewOf(id).credential).not.toBe(credential);
    const { id: other } = take('plain', 'username_password');
    await bt(['vault', 'accounts', 'rotate', String(other)], 1);
    expect(site.changesOf(other)).toBe(0);
  });

  it('reads the public key of an account of type ssh_ca', async () => {
    const { id, canary } = take('plain', 'ssh_ca');
    expect((await vaultAccounts('get-public-key', String(id))).trim()).toBe(publicKeyOf(canary));
  });

  it('lists account groups, policies and people', async () => {
    const groups = DEFAULT_GROUPS.map(({ id, name, policy }) =>
      expect.objectContaining({ id, name, account_policy: policy }),
    );
    expect(await readJson('vault', 'groups', 'list')).toEqual(groups);
    expect(await readJson('vault', 'groups', 'get', '2')).toEqual(groups[1]);
    expect(await readJson('policies', 'jump', 'list')).toEqual([]);
    expect(await readJson('policies', 'session', 'list')).toEqual([]);
    const [policy] = await readJson('policies', 'group', 'list');
    expect(policy).toEqual({ id: 1, name: expect.any(String) });
    expect(await readJson('policies', 'group', 'vault-accounts', 'list', String(policy.id))).toEqual([]);
    expect(await readJson('users', 'list')).toEqual(
      DEFAULT_PEOPLE.map(({ id, userName }) => expect.objectContaining({ id, username: userName })),
    );
  });

  // Known to be wrong in bt-cli, in the version that requirements-bt-cli.txt pins; docs/emulated.md lists it.
  it('fails at a check-in that the site answers without a body, although the account is checked in', async () => {
    site.switches.actionAnswer = 'empty';
    const { id } = take('same-name', 'opaque_token');
    await vaultAccounts('checkout', String(id));
    await bt(['vault', 'accounts', 'checkin', String(id)], 1);
    expect(viewOf(id).heldBy).toEqual([]);
    expect(site.audit.at(-1)).toMatchObject({ kind: 'checkIn', status: 200 });
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'yaml';
import * as z from 'zod';
import { readReport } from '#local/figures.ts';
import { planCommand } from '#local/plan-command.ts';
import type { KeyShape } from '#local/simulators/password-safe/dss-keys.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { createSecrets, isDeliverableSecret } from '#local/simulators/password-safe/safe-contents.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { startWorld, type World } from '#local/world.ts';

const SYNCS = ['keys', 'by-role', 'pairs', 'safe'] as const;
type Sync = (typeof SYNCS)[number];

const KEYS: readonly KeyShape[] = ['rsa', 'openssh', 'pkcs8-encrypted', 'openssh-encrypted', 'rsa-encrypted'];
const PLAIN_SECRETS = 120;
const ALIAS = { aliasId: 7, aliasName: 'payments', accountIds: [1003, 1004] };
const SECRETS = createSecrets({ plain: PLAIN_SECRETS });
const USER = { ...DEFAULT_APPLICATION, roles: ['requestor', 'isa', 'secrets-safe'] as const };

const schedule = { expression: 'rate(1 hour)' };
const shared = { connection: 'vault', stores: ['aws'], schedule };

/** One sync for each source and kind of access. */
const configure = (config: Document): void => {
  const syncs: Record<Sync, object> = {
    keys: { credential: 'dsskey', name: 'keys/{systemId}/{accountId}' },
    'by-role': { access: 'isa', name: 'by-role/{systemId}/{accountId}', value: '{credential}' },
    pairs: { source: 'aliases', name: 'pairs/{aliasName}', value: '{accountName}:{credential}' },
    safe: { source: 'secrets-safe', apiVersion: '3.2', name: 'safe/{folderPath}/{title}' },
  };
  const all = Object.entries(syncs).map(([name, sync]) => [name, { ...shared, ...sync }]);
  config.setIn(['syncs'], config.createNode(Object.fromEntries(all)));
};

/** Ten plain accounts, each with a key. Other tests cover those that change after a release. */
const populate = (fleet: readonly FleetAccount[]): FleetAccount[] =>
  fleet
    .filter(({ kind }) => kind === 'plain')
    .slice(0, 10)
    .map((account, index) => ({
      ...account,
      accountId: 1001 + index,
      dssKey: KEYS[index % KEYS.length] ?? null,
      changesAfterRelease: false,
    }));

const planSchema = z.object({
  relayId: z.string(),
  syncs: z.array(z.object({ sync: z.string(), planId: z.string(), counts: z.record(z.string(), z.int()) })),
});

/** Runs the command that the sandbox prints, and counts its calls to AWS and to the vault. */
const runPlanCommand = async (world: World) => {
  const countsBefore = world.aws.server.callCounts();
  const callsBefore = world.vault.audit.length;
  const { stdout } = await promisify(execFile)('sh', ['-c', `${planCommand(world)} --json`]);
  const countsAfter = Object.entries(world.aws.server.callCounts());
  return {
    printed: stdout,
    plan: planSchema.parse(JSON.parse(stdout)),
    awsCalls: Object.fromEntries(
      countsAfter.flatMap(([name, count]) => {
        const made = count - (countsBefore[name] ?? 0);
        return made === 0 ? [] : [[name, made]];
      }),
    ),
    vaultCalls: new Set(world.vault.audit.slice(callsBefore).map(({ kind }) => kind)),
  };
};

describe('a sync of each source', () => {
  let world: World;
  let planned: Awaited<ReturnType<typeof runPlanCommand>>;
  const planIds: Partial<Record<Sync, string | undefined>> = {};
  beforeAll(async () => {
    world = await startWorld({
      accounts: 40,
      seed: 7,
      populate,
      configure,
      users: [USER],
      aliases: [ALIAS],
      secrets: SECRETS,
    });
    planned = await runPlanCommand(world);
  });
  afterAll(() => world.close());

  const run = async (sync: Sync) => {
    const before = world.vault.audit.length;
    const { ending, name } = await world.runSync(sync);
    const calls = world.vault.audit.slice(before);
    if (ending?.status !== 'SUCCEEDED') throw new Error(`The run of ${sync} ended as ${JSON.stringify(ending)}.`);
    planIds[sync] ??= (await readReport(world.aws, { rule: sync, run: name })).planId;
    return {
      report: JSON.parse(ending.output),
      values: calls.filter(({ kind }) => kind === 'credential').length,
      secretIds: calls.flatMap(({ secretIds }) => secretIds),
      calls: (kind: string) => calls.filter((call) => call.kind === kind).length,
    };
  };
  const stored = (): Record<string, string> => world.aws.secretsManager.currentValues();
  const account = (accountId: number) => {
    const found = world.vault.accounts().find((candidate) => candidate.accountId === accountId);
    if (found === undefined) throw new Error(`There is no account ${accountId}.`);
    return found;
  };
  /** Name of the secret that is delivered for a secret of Secrets Safe. */
  const nameOf = ({ folders, title }: { folders: readonly string[]; title: string }) =>
    `safe/${[folders.join('/').split('/').map(encoded).join('/'), encoded(title)].join('/')}`;
  const encoded = (text: string) =>
    text.replace(/[^A-Za-z0-9_+.@-]/gu, (character) =>
      Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '=$&'),
    );
  const wrongSecrets = () =>
    world.vault.secretsSafe.all
      .filter(({ row }) => isDeliverableSecret(row))
      .filter(({ row, type, value }) => {
        const found = stored()[nameOf(row)];
        if (type === 'File') return found !== Buffer.from(value).toString('base64');
        return found !== (type === 'Text' ? value : JSON.stringify({ username: row.username, password: value }));
      })
      .map(({ row }) => nameOf(row));

  it('delivers keys unchanged, with their passphrases', async () => {
    const { report } = await run('keys');
    expect(report).toMatchObject({ status: 'SUCCEEDED', items: 10, delivered: 10 });
    for (const { systemId, accountId, accountName, canary, dssKey } of world.vault.accounts()) {
      const value = JSON.parse(stored()[`keys/${systemId}/${accountId}`] ?? '{}');
      expect(value.username).toBe(accountName);
      expect(value.privateKey).toContain(`simulated key ${canary}\r\n`);
      expect(value.passphrase).toBe(dssKey?.endsWith('-encrypted') ? `passphrase ${canary}` : '');
    }
  });

  it('delivers by the ISA role with one call per account, and opens no request', async () => {
    const { report, values, calls } = await run('by-role');
    expect(report).toMatchObject({ status: 'SUCCEEDED', items: 10, delivered: 10 });
    expect([values, calls('request'), calls('listRequests'), calls('checkin')]).toEqual([10, 0, 0, 0]);
    for (const { systemId, accountId, credential } of world.vault.accounts()) {
      expect(stored()[`by-role/${systemId}/${accountId}`]).toBe(credential);
    }
  });

  it('delivers the credential of the account that an alias points at, under the name of the alias', async () => {
    expect((await run('pairs')).report).toMatchObject({ status: 'SUCCEEDED', items: 1, delivered: 1 });
    const { accountName, credential } = account(1003);
    expect(stored()['pairs/payments']).toBe(`${accountName}:${credential}`);
  });

  it('delivers all of Secrets Safe in a few calls, byte for byte, and reports the secrets that are too large for the store', async () => {
    const { report, calls, secretIds } = await run('safe');
    const deliverable = SECRETS.filter(isDeliverableSecret).length;
    expect(report).toMatchObject({ status: 'PARTIAL', delivered: deliverable, failed: 1 });
    expect(wrongSecrets()).toEqual([]);
    // A list, a bulk for each folder (of which two batches share one), and a download for each file.
    expect([calls('secrets'), calls('secret')]).toEqual([6, 3]);
    expect(secretIds.length).toBeGreaterThanOrEqual(deliverable);
  });

  it('was planned by pam-relay plan with the plan ids of the runs', () => {
    const { relayId, syncs } = planned.plan;
    expect(relayId).toBe('local.000000000000.us-east-1');
    expect(Object.fromEntries(syncs.map(({ sync, planId }) => [sync, planId]))).toEqual(planIds);
    expect(Object.fromEntries(syncs.map(({ sync, counts }) => [sync, counts['create']]))).toEqual({
      keys: 10,
      'by-role': 10,
      pairs: 1,
      // The list does not show that one is too large for the store.
      safe: SECRETS.filter(isDeliverableSecret).length + 1,
    });
  });

  it('was planned from lists alone, without the token and the limits of the stack', () => {
    expect(planned.awsCalls).toEqual({
      'cloudformation.Query': 1,
      // The memory of each sync, and the active accounts of the aliases.
      's3.GetObject': SYNCS.length + 1,
      'secretsmanager.ListSecrets': SYNCS.length,
    });
    expect([...planned.vaultCalls].toSorted()).toEqual(['list', 'secrets', 'signIn', 'signOut', 'token']);
  });

  it('does not read unchanged items again', async () => {
    for (const sync of SYNCS.filter((name) => name !== 'safe')) {
      const { report, values } = await run(sync);
      expect(report).toMatchObject({ status: 'SUCCEEDED', delivered: 0 });
      expect(values).toBe(0);
    }
    const tooLarge = SECRETS.filter(({ shape }) => shape === 'large-file').map(({ secretId }) => secretId);
    const { report, secretIds } = await run('safe');
    expect(report).toMatchObject({ delivered: 0, failed: 1 });
    expect(secretIds).toEqual(tooLarge);
  });

  it('delivers each change, and reads nothing else', async () => {
    world.clock.advance(3_600_000);
    world.vault.changeCredential(1003);
    const changed = SECRETS.filter((_, index) => index % 40 === 3 && index > 8).map(({ secretId }) => secretId);
    for (const secretId of changed) world.vault.secretsSafe.change(secretId);
    world.vault.secretsSafe.describe(SECRETS[0]?.secretId ?? '', 'a new description is no new value');

    for (const sync of ['keys', 'by-role', 'pairs'] as const) {
      expect((await run(sync)).report).toMatchObject({ status: 'SUCCEEDED', delivered: 1 });
    }
    const { report, secretIds, calls } = await run('safe');
    expect(report).toMatchObject({ delivered: changed.length });
    expect(secretIds.filter((secretId) => changed.includes(secretId)).toSorted()).toEqual(changed.toSorted());
    // The list, one bulk, and the file that is too large each time.
    expect([secretIds.length, calls('secrets'), calls('secret')]).toEqual([changed.length + 1, 2, 1]);
    expect(wrongSecrets()).toEqual([]);
  });

  it('follows an alias to another account', async () => {
    world.vault.switchAlias(ALIAS.aliasId);
    expect((await run('pairs')).report).toMatchObject({ status: 'SUCCEEDED', delivered: 1 });
    const { accountName, credential } = account(1004);
    expect(stored()['pairs/payments']).toBe(`${accountName}:${credential}`);
  });

  it('leaves nothing open, and no value outside the store', async () => {
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.vault.openSessions()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
    await world.runReap();
    const printed = { where: 'the plan', content: Buffer.from(planned.printed) };
    expect(await world.findLeaks(printed)).toEqual([]);
  });
});

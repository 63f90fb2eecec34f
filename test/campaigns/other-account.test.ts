import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleTemplate } from '#cli/role-template.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { deployRoles } from '#local/aws/sts/deploy.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { loadConfig } from '#shared/config/load.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { rolesToAssume } from '#shared/workflows/permissions.ts';

/**
 * A sync into another account and region, with a replica. The role there is the one that `pam-relay role` prints. The
 * simulated AWS enforces it, so the run shows both missing and excess permissions.
 */

const HERE = '000000000000';
const THERE = '111122223333';
const [REGION, REPLICA] = ['eu-west-1', 'eu-central-1'];
const ROLE = `arn:aws:iam::${THERE}:role/relay/deliveries`;
const OWNERS = `local.${HERE}.us-east-1/*`;
const HOUR_MS = 3_600_000;

let world: World;
let template: Record<string, unknown>;
beforeAll(async () => {
  world = await startWorld({
    accounts: 3,
    seed: 7,
    waitScale: 0,
    configure: (config) => {
      const store = ['stores', NAMES.store];
      config.setIn([...store, 'roleArn'], ROLE);
      config.setIn([...store, 'externalId'], 'relay-7');
      config.setIn([...store, 'region'], REGION);
      config.setIn([...store, 'replicaRegions'], config.createNode([REPLICA]));
      config.setIn(['syncs', NAMES.sync, 'orphans'], config.createNode({ policy: 'delete', budget: 5 }));
    },
  });
  const scope = { owners: OWNERS, encryptionKey: '', partition: 'aws', region: 'us-east-1', account: HERE };
  const [role, ...others] = rolesToAssume(loadConfig(join(world.directory, 'relay.yaml')), REGISTERED_TYPES, scope);
  if (role === undefined || others.length > 0) throw new Error('The example has not one role.');
  template = roleTemplate('local', role);
});
afterAll(() => world.close());

const held = (region = REGION) => world.aws.secretsManager.currentValues(THERE, region);
const credentials = () =>
  world.vault
    .accounts()
    .filter(({ kind }) => kind === 'plain')
    .map(({ credential }) => credential);

const reads = () => world.vault.audit.filter(({ kind }) => kind === 'credential').length;

/** Acts for an administrator of the other account. */
const administrate = async (action: string, body: Record<string, unknown>) => {
  const admin = `arn:aws:iam::${THERE}:role/admin`;
  world.aws.roles.add({
    arn: admin,
    trust: {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: HERE }, Action: 'sts:AssumeRole' },
    },
    policies: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' } }],
  });
  const sts = new STSClient(localClientConfig(world.aws.endpoint));
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: admin, RoleSessionName: 'admin' }));
  return world.aws.secretsManager.handle(action, body, Credentials?.AccessKeyId, REGION);
};

describe('a sync into another account and region', () => {
  it('fails for a role that does not exist yet, and says how to create it', async () => {
    const run = await world.runSync();
    expect(run.status).not.toBe('SUCCEEDED');
    expect(JSON.stringify(run)).toContain('pam-relay role --account 000000000000');
    expect(JSON.stringify(run)).not.toContain('relay-7');
  });

  it('delivers there and to its replica, with the role of the template', async () => {
    deployRoles(world.aws.roles, THERE, template);
    await world.runSync();
    const values = Object.values(held());
    expect(values.length).toBeGreaterThan(0);
    for (const credential of credentials()) {
      expect(values.some((value) => value.includes(JSON.stringify(credential)))).toBe(true);
    }
    expect(held(REPLICA)).toEqual(held());
    expect(Object.keys(world.aws.secretsManager.currentValues()).filter((name) => name.startsWith('fleet/'))).toEqual(
      [],
    );
  });

  it('delivers changes, restores, completes and retires, and uses every permission of the role', async () => {
    const [restored = '', replicated = ''] = Object.keys(held());
    const orphan = `${NAMES.secretPrefix}gone/account`;
    await administrate('CreateSecret', {
      Name: orphan,
      ClientRequestToken: crypto.randomUUID(),
      SecretString: 'of a removed account',
      AddReplicaRegions: [{ Region: REPLICA }],
      Tags: [{ Key: OWNER_TAG, Value: OWNERS.replace('*', NAMES.sync) }],
    });
    for (const SecretId of [restored, replicated]) {
      await administrate('RemoveRegionsFromReplication', { SecretId, RemoveReplicaRegions: [REPLICA] });
    }
    await administrate('DeleteSecret', { SecretId: restored, RecoveryWindowInDays: 7 });
    const before = reads();
    await world.runSync();
    // Only the deleted secret needs its value again.
    expect(reads()).toBe(before + 1);
    expect(held(REPLICA)).toHaveProperty([replicated]);
    world.clock.advance(HOUR_MS);
    for (const { accountId, kind } of world.vault.accounts()) {
      if (kind === 'plain') world.vault.changeCredential(accountId);
    }
    world.clock.advance(HOUR_MS);
    await world.runSync();
    await world.runSync();
    const { [orphan]: _, ...delivered } = held();
    expect(held(REPLICA)).toEqual(delivered);
    expect(await administrate('DescribeSecret', { SecretId: orphan })).toHaveProperty('DeletedDate');
    expect(world.aws.permissions.denials.filter((denial) => denial.includes(ROLE))).toEqual([]);
    const unused = world.aws.permissions.unusedGrants().filter((grant) => grant.startsWith(`${ROLE}:`));
    // One function delivers and retires, and both include looking.
    const looking = `${ROLE}: secretsmanager:DescribeSecret on arn:aws:secretsmanager:${REGION}:${THERE}:secret:fleet/*`;
    expect(unused).toEqual([`${looking} if StringLike aws:userid *:s*r*.${OWNERS.replace('/*', '')}`]);
  });

  it('lets each function that uses the store assume the role, under its own name only', async () => {
    const assumable = world.aws.permissions.unusedGrants().filter((grant) => grant.includes('sts:AssumeRole'));
    expect(assumable).toEqual([]);
    const assume = (caller: string, RoleSessionName: string) =>
      new STSClient({
        ...localClientConfig(world.aws.endpoint),
        credentials: { accessKeyId: `local-${caller}`, secretAccessKey: 'local' },
        maxAttempts: 1,
      }).send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName, ExternalId: 'relay-7' }));
    const relayId = OWNERS.replace('/*', '');
    expect(await assume('sync-plan', `sl.${relayId}`)).toHaveProperty('Credentials');
    await expect(assume('sync-plan', `sdr.${relayId}`)).rejects.toThrow('sts:AssumeRole');
    await expect(assume('sync-report', `sl.${relayId}`)).rejects.toThrow('sts:AssumeRole');
  });
});

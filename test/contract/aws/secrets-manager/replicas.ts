import {
  DescribeSecretCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { describeRows, type Rows, type SuiteOptions } from '../rows.ts';
import { create, describeSecret, get, id, put, refusal, remove } from './bench.ts';

/** Clients of one account, in the region of the primary secrets and in that of the replicas, and of another account. */
export interface Places {
  readonly here: SecretsManagerClient;
  readonly there: SecretsManagerClient;
  readonly elsewhere: SecretsManagerClient;
  destroy(): void;
}

export const REPLICA_REGION = 'eu-west-1';
const TO_REPLICA = [{ Region: REPLICA_REGION }];

const onPlaces = (name: string, { here, there, elsewhere }: Places) => {
  const bench = { client: here, name };
  return {
    bench,
    other: { client: there, name },
    foreign: { client: elsewhere, name },
    replicate: () => here.send(new ReplicateSecretToRegionsCommand({ SecretId: name, AddReplicaRegions: TO_REPLICA })),
    stopReplicas: () =>
      here.send(new RemoveRegionsFromReplicationCommand({ SecretId: name, RemoveReplicaRegions: [REPLICA_REGION] })),
    rowIn: async (client: SecretsManagerClient) => {
      const filters = [{ Key: 'name' as const, Values: [name] }];
      const { SecretList: rows = [] } = await client.send(new ListSecretsCommand({ Filters: filters }));
      return rows.find(({ Name }) => Name === name);
    },
  };
};

const rows: Rows<Places> = {
  'the same name is another secret in another region, and in another account': async ({ client, name }) => {
    const { bench, other, foreign } = onPlaces(name, client);
    await create(bench);
    for (const place of [other, foreign]) {
      await expect(get(place)).rejects.toEqual(refusal('ResourceNotFoundException'));
      await create(place, { SecretString: 'theirs' });
    }
    expect((await get(bench)).SecretString).toBe('one');
  },
  'a secret created with a replica can be read in its region, under the same version id': async ({ client, name }) => {
    const { bench, other } = onPlaces(name, client);
    const { VersionId, ReplicationStatus } = await create(bench, { AddReplicaRegions: TO_REPLICA });
    expect(ReplicationStatus).toMatchObject([{ Region: REPLICA_REGION }]);
    expect(await get(other)).toMatchObject({ SecretString: 'one', VersionId });
    expect((await describeSecret(bench)).ReplicationStatus).toMatchObject([
      { Region: REPLICA_REGION, Status: 'InSync' },
    ]);
  },
  'a replica that is added later follows every change': async ({ client, name }) => {
    const { bench, other, replicate } = onPlaces(name, client);
    await create(bench);
    await replicate();
    await put(bench, id(), 'two');
    expect((await get(other)).SecretString).toBe('two');
  },
  'the list of the region of a replica shows the region of its primary secret': async ({ client, name }) => {
    const { bench, rowIn } = onPlaces(name, client);
    await create(bench, { AddReplicaRegions: TO_REPLICA, Tags: [{ Key: 'a', Value: 'b' }] });
    const row = await rowIn(client.there);
    const region = await client.here.config.region();
    expect(row).toMatchObject({ PrimaryRegion: region, Tags: [{ Key: 'a', Value: 'b' }] });
    expect((await client.there.send(new DescribeSecretCommand({ SecretId: name }))).PrimaryRegion).toBe(region);
  },
  'a replica is read-only': async ({ client, name }) => {
    const { bench, other } = onPlaces(name, client);
    await create(bench, { AddReplicaRegions: TO_REPLICA });
    const write = new PutSecretValueCommand({ SecretId: name, ClientRequestToken: id(), SecretString: 'two' });
    await expect(client.there.send(write)).rejects.toEqual(refusal('InvalidParameterException'));
    expect((await get(other)).SecretString).toBe('one');
    expect((await get(bench)).SecretString).toBe('one');
  },
  'a replica fails with a message if its name is taken, and the primary secret is created': async ({
    client,
    name,
  }) => {
    const { bench, other } = onPlaces(name, client);
    await create(other, { SecretString: 'theirs' });
    await create(bench, { AddReplicaRegions: TO_REPLICA });
    expect((await describeSecret(bench)).ReplicationStatus).toMatchObject([
      { Region: REPLICA_REGION, Status: 'Failed', StatusMessage: expect.stringContaining('already exists') },
    ]);
    expect((await get(other)).SecretString).toBe('theirs');
    expect((await get(bench)).SecretString).toBe('one');
  },
  'a secret with replicas cannot be deleted until they are removed': async ({ client, name }) => {
    const { bench, other, stopReplicas } = onPlaces(name, client);
    await create(bench, { AddReplicaRegions: TO_REPLICA });
    await expect(remove(bench)).rejects.toEqual(refusal('InvalidParameterException'));
    await stopReplicas();
    await expect(get(other)).rejects.toEqual(refusal('ResourceNotFoundException'));
    await remove(bench);
  },
};

/** Checks accounts, regions and replicas of a server against the AWS documentation of Secrets Manager. */
export const describeReplicas = (server: string, connect: () => Promise<Places>, options: SuiteOptions = {}): void =>
  describeRows(`${server} as Secrets Manager of several accounts and regions`, {
    ...options,
    rows,
    connect,
    prefix: 'contract/',
  });

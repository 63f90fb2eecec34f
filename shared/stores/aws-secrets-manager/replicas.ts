import { setTimeout as sleepFor } from 'node:timers/promises';
import {
  DescribeSecretCommand,
  paginateListSecrets,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  type ReplicationStatusType,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import pMap from 'p-map';
import { callSecretsManager, toStoreError } from '#shared/aws/secrets-manager-errors.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import { shorten, showText } from '#shared/domain/text.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { ReplicaRegion } from '#shared/stores/aws-secrets-manager/settings.ts';
import type { StoredSecret } from '#shared/stores/store.ts';

/** Replicas of the secrets of one owner in other regions. AWS keeps them in step; they cannot be written. */

export interface ReplicaOptions {
  readonly client: SecretsManagerClient;
  readonly regions: readonly ReplicaRegion[];
  /** Client of the same account in another region. */
  readonly clientIn: (region: string) => SecretsManagerClient;
  /** Filters of ListSecrets for the secrets of the owner. */
  readonly filters: readonly { readonly Key: 'tag-key' | 'tag-value'; readonly Values: string[] }[];
}

/** Names of the replicas of one region. */
type Listed = ReadonlyMap<string, ReadonlySet<string>>;

const MAX_CONCURRENCY = 8;

/** Attempts at a deletion that AWS refuses while it still removes the replicas, and the waits between them. */
const MAX_REMOVALS = 5;
const REMOVAL_MS = 2000;

/** Characters of AWS's reason for a failed replica in a report. */
const MAX_REASON = 300;

const statusesOf = async (client: SecretsManagerClient, name: string): Promise<readonly ReplicationStatusType[]> => {
  const described = client.send(new DescribeSecretCommand({ SecretId: name }));
  const answer = await callSecretsManager({ action: 'DescribeSecret', secret: name }, described);
  return answer.ReplicationStatus ?? [];
};

export const createReplicas = ({ client, regions, clientIn, filters }: ReplicaOptions) => {
  const inputOf = (wanted: readonly ReplicaRegion[]) =>
    wanted.map(({ region, kmsKeyArn }) => ({
      Region: region,
      ...(kmsKeyArn !== undefined && { KmsKeyId: kmsKeyArn }),
    }));

  const replicate = async (name: string): Promise<void> => {
    const statuses = await statusesOf(client, name);
    const missing = regions.filter(({ region }) => isMissing(statuses, region) || isFailed(statuses, region));
    if (missing.length === 0) return;
    const command = new ReplicateSecretToRegionsCommand({ SecretId: name, AddReplicaRegions: inputOf(missing) });
    await callSecretsManager({ action: 'ReplicateSecretToRegions', secret: name }, client.send(command));
  };

  const listIn = async (region: string, primary: string): Promise<ReadonlySet<string>> => {
    const names = new Set<string>();
    const call = { action: 'ListSecrets', secret: `list of replicas in ${region}` };
    try {
      const paging = { client: clientIn(region), pageSize: 100 };
      for await (const { SecretList: rows = [] } of paginateListSecrets(paging, { Filters: [...filters] })) {
        for (const { Name, PrimaryRegion } of rows) {
          if (Name !== undefined && PrimaryRegion === primary) names.add(Name);
        }
      }
    } catch (thrown) {
      throw toStoreError(thrown, call);
    }
    return names;
  };

  /** A listed secret whose replicas the lists do not show: only its description tells why. */
  const explain = async (secret: StoredSecret): Promise<StoredSecret> => {
    const statuses = await statusesOf(client, secret.name);
    const failed = regions.flatMap(({ region }) => statuses.filter((one) => one.Region === region && hasFailed(one)));
    const warning = failed.length === 0 ? undefined : failed.map((one) => failureOf(secret.name, one)).join(' ');
    return {
      ...secret,
      ...(regions.some(({ region }) => isMissing(statuses, region)) && { incomplete: true }),
      ...(warning !== undefined && { warning }),
    };
  };

  return {
    /** Input of CreateSecret. */
    forCreation: () => inputOf(regions),

    /**
     * Starts the replication to regions without a replica, and again where it failed. Returns a warning if that is not
     * possible, because the secret itself is delivered all the same. Repeatable.
     */
    async complete(name: string): Promise<string | undefined> {
      try {
        await replicate(name);
        return undefined;
      } catch (thrown) {
        const { message } = asRelayError(thrown, `Replicating ${name}`);
        return `The secret ${name} was delivered, and could not be replicated to ${regions.map(({ region }) => region).join(', ')}. ${message}`;
      }
    },

    /** Lists the replicas of all regions. They are compared with the secrets by {@link judge}. */
    async list(): Promise<Listed> {
      const primary = await client.config.region();
      return new Map(
        await pMap(regions, async ({ region }) => [region, await listIn(region, primary)] as const, {
          concurrency: MAX_CONCURRENCY,
        }),
      );
    },

    /** Adds to each secret of a page what is wrong with its replicas. Describes only those that the lists lack. */
    judge: (page: readonly StoredSecret[], listed: Listed): Promise<StoredSecret[]> =>
      pMap(
        page,
        (secret) => ([...listed.values()].every((names) => names.has(secret.name)) ? secret : explain(secret)),
        { concurrency: MAX_CONCURRENCY },
      ),
  };
};

/**
 * Removal of the replicas of a secret, which AWS requires before a deletion. It depends on no setting: a secret keeps
 * its replicas after a region was removed from relay.yaml, and an operator can add some.
 */
export const createReplicaRemoval = (
  client: SecretsManagerClient,
  sleep: (ms: number) => Promise<unknown> = sleepFor,
) => ({
  /** Removes all replicas of a secret. Repeatable. */
  async remove(name: string): Promise<void> {
    const statuses = await statusesOf(client, name);
    const RemoveReplicaRegions = statuses.flatMap(({ Region }) => Region ?? []);
    if (RemoveReplicaRegions.length === 0) return;
    const command = new RemoveRegionsFromReplicationCommand({ SecretId: name, RemoveReplicaRegions });
    await callSecretsManager({ action: 'RemoveRegionsFromReplication', secret: name }, client.send(command));
  },

  /** Deletes a secret, and waits while AWS still removes its replicas. If that lasts, the next run continues. */
  async afterRemoval<T>(name: string, remove: () => Promise<T>, isRefused: (error: unknown) => boolean): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await remove();
      } catch (error) {
        const left = isRefused(error) ? await statusesOf(client, name) : [];
        if (left.length === 0) throw error;
        if (attempt === MAX_REMOVALS) throw stillReplicated(name, left, error);
        await sleep(REMOVAL_MS);
      }
    }
  },
});

const hasFailed = ({ Status }: ReplicationStatusType): boolean => Status === 'Failed';
const isMissing = (statuses: readonly ReplicationStatusType[], region: string): boolean =>
  !statuses.some((one) => one.Region === region);
const isFailed = (statuses: readonly ReplicationStatusType[], region: string): boolean =>
  statuses.some((one) => one.Region === region && hasFailed(one));

const failureOf = (name: string, { Region: region = '', StatusMessage: message }: ReplicationStatusType): string => {
  const why = message === undefined ? '' : `: ${shorten(showText(message), MAX_REASON).replace(/\.$/, '')}`;
  return `The replica of the secret ${name} in ${region} failed${why}. Correct the cause, for example remove the secret of that name in ${region}, and run: aws secretsmanager replicate-secret-to-regions --secret-id ${shellQuote(name)} --add-replica-regions Region=${region}`;
};

const stillReplicated = (name: string, left: readonly ReplicationStatusType[], cause: unknown): RelayError =>
  new RelayError(
    'StoreUnavailable',
    `Secret ${name}: AWS is still removing its replicas in ${left.map(({ Region }) => Region).join(', ')}, and deletes the secret only afterwards. The next run continues.`,
    { cause },
  );

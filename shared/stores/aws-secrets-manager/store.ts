import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  type SecretListEntry,
  type SecretsManagerClient,
  type Tag,
} from '@aws-sdk/client-secrets-manager';
import { callSecretsManager, isRefusal, notAnswered, toStoreError } from '#shared/aws/secrets-manager-errors.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { CURRENT, createDeliver, valueIn } from '#shared/stores/aws-secrets-manager/delivery.ts';
import {
  createReplicaRemoval,
  createReplicas,
  type ReplicaOptions,
} from '#shared/stores/aws-secrets-manager/replicas.ts';
import type { Presence, SecretStore, StoredSecret } from '#shared/stores/store.ts';

const PAGE_SIZE = 100;

export interface AwsSecretsManagerStoreOptions {
  readonly client: SecretsManagerClient;
  /** Value of the owner tag, `<relayId>/<sync>`: at most 256 letters, digits, spaces and `_.:/=+-@`. */
  readonly owner: string;
  /** Tags of new secrets, beside the owner tag. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Key that encrypts new secrets; the account's `aws/secretsmanager` if left out. */
  readonly kmsKeyArn?: string | undefined;
  /** Regions that get replicas, and clients of the same account there. */
  readonly replicas?: Pick<ReplicaOptions, 'regions' | 'clientIn'> | undefined;
  /** Waits while AWS removes replicas before a deletion. */
  readonly sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/**
 * AWS Secrets Manager. Secrets of the relay carry the owner tag. The stamp of a secret is the id of its version under
 * AWSCURRENT, regardless of its writer; for a delivery by the relay it is the `ClientRequestToken`. The service keeps
 * the previous version under AWSPREVIOUS. A secret's description, tags and key are set when it is created and not
 * changed afterwards.
 */
export const createAwsSecretsManagerStore = (options: AwsSecretsManagerStoreOptions): SecretStore => {
  const { client, owner, tags: others = {} } = options;
  const isOurs = (tags: readonly Tag[] | undefined): boolean =>
    tags?.some((tag) => tag.Key === OWNER_TAG && tag.Value === owner) ?? false;

  const filters = [
    { Key: 'tag-key' as const, Values: [OWNER_TAG] },
    { Key: 'tag-value' as const, Values: [owner] },
  ];
  const replicas =
    options.replicas === undefined || options.replicas.regions.length === 0
      ? undefined
      : createReplicas({ ...options.replicas, client, filters });
  const removal = createReplicaRemoval(client, options.sleep);
  /** A replica has the tags of its primary secret, and cannot be written. */
  const primaryElsewhere = async (region: string | undefined): Promise<string | undefined> =>
    region === undefined || region === (await client.config.region()) ? undefined : region;

  const list = async function* (): AsyncIterable<readonly StoredSecret[]> {
    const listed = await replicas?.list();
    for await (const page of listOwn()) {
      yield replicas === undefined || listed === undefined ? page : await replicas.judge(page, listed);
    }
  };

  const listOwn = async function* (): AsyncIterable<readonly StoredSecret[]> {
    const own = await client.config.region();
    const call = { action: 'ListSecrets', secret: `list of ${owner}` };
    try {
      for await (const page of paginateListSecrets({ client, pageSize: PAGE_SIZE }, { Filters: filters })) {
        if (page.SecretList === undefined) throw notAnswered(call);
        yield toStoredSecrets(page.SecretList, own);
      }
    } catch (thrown) {
      throw toStoreError(thrown, call);
    }
  };

  /** The filters match prefixes and any tag. A listed secret is ours only if its owner tag matches completely. */
  const toStoredSecrets = (secrets: readonly SecretListEntry[], own: string): StoredSecret[] =>
    secrets.flatMap(({ Name, Tags, SecretVersionsToStages, PrimaryRegion = own }) =>
      Name !== undefined && isOurs(Tags) && PrimaryRegion === own
        ? [{ name: Name, stamp: currentOf(SecretVersionsToStages) }]
        : [],
    );

  const inspect = async (name: string): Promise<Presence> => {
    try {
      const described = await callSecretsManager(
        { action: 'DescribeSecret', secret: name },
        client.send(new DescribeSecretCommand({ SecretId: name })),
      );
      const replicaOf = await primaryElsewhere(described.PrimaryRegion);
      if (replicaOf !== undefined) return { kind: 'foreign', replicaOf };
      if (!isOurs(described.Tags)) {
        return { kind: 'foreign', ...(described.DeletedDate !== undefined && { retired: true }) };
      }
      return {
        kind: 'owned',
        stamp: currentOf(described.VersionIdsToStages),
        retired: described.DeletedDate !== undefined,
      };
    } catch (error) {
      if (isRefusal(error, 'ResourceNotFoundException')) return { kind: 'absent' };
      throw error;
    }
  };

  const holds: SecretStore['holds'] = async (name, value) => {
    try {
      const current = await callSecretsManager(
        { action: 'GetSecretValue', secret: name },
        client.send(new GetSecretValueCommand({ SecretId: name, VersionStage: CURRENT })),
      );
      return valueIn(current)?.equals(value) ?? false;
    } catch (error) {
      if (isRefusal(error, 'ResourceNotFoundException')) return false;
      if (isRefusal(error, 'InvalidRequestException') && isRetired(await inspect(name))) return false;
      throw error;
    }
  };

  const retire: SecretStore['retire'] = async (name, recovery) => {
    const presence = await inspect(name);
    if (presence.kind !== 'owned') return false;
    // A deletion without recovery also ends the recovery of a secret that is already scheduled for deletion.
    if (presence.retired && recovery !== 'none') return true;
    await removal.remove(name);
    const command = new DeleteSecretCommand({
      SecretId: name,
      ...(recovery === 'none' ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: recovery }),
    });
    try {
      const remove = () => callSecretsManager({ action: 'DeleteSecret', secret: name }, client.send(command));
      const isReplicated = (error: unknown) => isRefusal(error, 'InvalidParameterException');
      await removal.afterRemoval(name, remove, isReplicated);
      return true;
    } catch (error) {
      // An earlier attempt of the SDK, whose answer was lost, may have scheduled the deletion.
      if (isRefusal(error, 'InvalidRequestException') && isRetired(await inspect(name))) return true;
      if (isRefusal(error, 'ResourceNotFoundException')) return false;
      throw error;
    }
  };

  const adoption: SecretStore['adoption'] = (name, found) => {
    const secret = `--secret-id ${shellQuote(name)}`;
    const tags = shellQuote(JSON.stringify([{ Key: OWNER_TAG, Value: owner }]));
    if (found?.replicaOf !== undefined) {
      return `aws secretsmanager stop-replication-to-replica ${secret} && aws secretsmanager tag-resource ${secret} --tags ${tags}`;
    }
    const restore = found?.retired ? `aws secretsmanager restore-secret ${secret} && ` : '';
    return `${restore}aws secretsmanager tag-resource ${secret} --tags ${tags}`;
  };

  const deliverValue = createDeliver({
    client,
    tags: [{ Key: OWNER_TAG, Value: owner }, ...Object.entries(others).map(([Key, Value]) => ({ Key, Value }))],
    kmsKeyArn: options.kmsKeyArn,
    replicas: replicas?.forCreation(),
    inspect,
    adoption,
  });

  const complete = replicas?.complete;
  const deliver: SecretStore['deliver'] = async (delivery) => {
    const delivered = await deliverValue(delivery);
    const warning = await complete?.(delivery.name);
    return warning === undefined ? delivered : { ...delivered, warning };
  };

  return { list, inspect, holds, deliver, retire, adoption, ...(complete !== undefined && { complete }) };
};

const isRetired = (presence: Presence): boolean => presence.kind === 'owned' && presence.retired;

const currentOf = (stages: Readonly<Record<string, string[]>> | undefined): Stamp | undefined =>
  Object.entries(stages ?? {}).find(([, labels]) => labels.includes(CURRENT))?.[0];

import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  type SecretListEntry,
  type SecretsManagerClient,
  type Tag,
} from '@aws-sdk/client-secrets-manager';
import { shellQuote } from '#shared/domain/shell.ts';
import { OWNER_TAG } from '#shared/names.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import { CURRENT, createDeliver, valueIn } from './aws-secrets-manager-delivery.ts';
import { callStore, isRefusal, notAnswered, toStoreError } from './aws-secrets-manager-errors.ts';
import type { Presence, SecretStore, StoredSecret } from './store.ts';

const PAGE_SIZE = 100;

export interface AwsSecretsManagerStoreOptions {
  readonly client: SecretsManagerClient;
  /** Value of the owner tag, `<relayId>/<sync>`: at most 256 letters, digits, spaces and `_.:/=+-@`. */
  readonly owner: string;
  /** The key that encrypts new secrets; the account's `aws/secretsmanager` when left out. */
  readonly kmsKeyArn?: string | undefined;
}

/**
 * AWS Secrets Manager. What is ours carries the owner tag; the version id of a delivery is the `ClientRequestToken`
 * that wrote it; what was current before stays under AWSPREVIOUS, which the service sees to. A secret's description,
 * tags and key are set when it is created and left alone afterwards.
 */
export const createAwsSecretsManagerStore = (options: AwsSecretsManagerStoreOptions): SecretStore => {
  const { client, owner } = options;
  const isOurs = (tags: readonly Tag[] | undefined): boolean =>
    tags?.some((tag) => tag.Key === OWNER_TAG && tag.Value === owner) ?? false;

  const list = async function* (): AsyncIterable<readonly StoredSecret[]> {
    const filters = [
      { Key: 'tag-key' as const, Values: [OWNER_TAG] },
      { Key: 'tag-value' as const, Values: [owner] },
    ];
    const call = { action: 'ListSecrets', secret: `list of ${owner}` };
    try {
      for await (const page of paginateListSecrets({ client, pageSize: PAGE_SIZE }, { Filters: filters })) {
        if (page.SecretList === undefined) throw notAnswered(call);
        yield toStoredSecrets(page.SecretList);
      }
    } catch (thrown) {
      throw toStoreError(thrown, call);
    }
  };

  /** The filters match prefixes, of any tag: what they let through is ours only when the whole tag says so. */
  const toStoredSecrets = (secrets: readonly SecretListEntry[]): StoredSecret[] =>
    secrets.flatMap(({ Name, Tags, SecretVersionsToStages }) =>
      Name !== undefined && isOurs(Tags) ? [{ name: Name, currentVersionId: currentOf(SecretVersionsToStages) }] : [],
    );

  const inspect = async (name: string): Promise<Presence> => {
    try {
      const described = await callStore(
        { action: 'DescribeSecret', secret: name },
        client.send(new DescribeSecretCommand({ SecretId: name })),
      );
      if (!isOurs(described.Tags)) return { kind: 'foreign' };
      return {
        kind: 'owned',
        currentVersionId: currentOf(described.VersionIdsToStages),
        retired: described.DeletedDate !== undefined,
      };
    } catch (error) {
      if (isRefusal(error, 'ResourceNotFoundException')) return { kind: 'absent' };
      throw error;
    }
  };

  const readCurrent = async (name: string): Promise<Secret<SecretContent> | undefined> => {
    try {
      return valueIn(
        await callStore(
          { action: 'GetSecretValue', secret: name },
          client.send(new GetSecretValueCommand({ SecretId: name, VersionStage: CURRENT })),
        ),
      );
    } catch (error) {
      if (isRefusal(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  };

  const retire = async (name: string, recovery: number | 'none'): Promise<boolean> => {
    const presence = await inspect(name);
    if (presence.kind !== 'owned') return false;
    if (presence.retired) return true;
    const command = new DeleteSecretCommand({
      SecretId: name,
      ...(recovery === 'none' ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: recovery }),
    });
    try {
      await callStore({ action: 'DeleteSecret', secret: name }, client.send(command));
      return true;
    } catch (error) {
      // An attempt of the SDK whose answer got lost has scheduled it already.
      if (isRefusal(error, 'InvalidRequestException') && isRetired(await inspect(name))) return true;
      if (isRefusal(error, 'ResourceNotFoundException')) return false;
      throw error;
    }
  };

  const adoptCommand = (name: string): string =>
    `aws secretsmanager tag-resource --secret-id ${shellQuote(name)} --tags ${shellQuote(JSON.stringify([{ Key: OWNER_TAG, Value: owner }]))}`;

  const deliver = createDeliver({
    client,
    tags: [{ Key: OWNER_TAG, Value: owner }],
    kmsKeyArn: options.kmsKeyArn,
    inspect,
    adoptCommand,
  });

  return { list, inspect, readCurrent, deliver, retire, adoptCommand };
};

const isRetired = (presence: Presence): boolean => presence.kind === 'owned' && presence.retired;

const currentOf = (stages: Readonly<Record<string, string[]>> | undefined): string | undefined =>
  Object.entries(stages ?? {}).find(([, labels]) => labels.includes(CURRENT))?.[0];

import {
  CreateSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  PutSecretValueCommand,
  type ReplicaRegionType,
  RestoreSecretCommand,
  type SecretsManagerClient,
  type Tag,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { askBefore } from '#shared/aws/pacing.ts';
import { callSecretsManager, isRefusal, storeProblem } from '#shared/aws/secrets-manager-errors.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import type { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { Delivered, Delivery, OwnedPresence, SecretStore } from '#shared/stores/store.ts';

export const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';

export interface DeliveryOptions {
  readonly client: SecretsManagerClient;
  readonly tags: readonly Tag[];
  readonly kmsKeyArn: string | undefined;
  /** Regions to which AWS replicates new secrets. */
  readonly replicas: ReplicaRegionType[] | undefined;
  readonly inspect: SecretStore['inspect'];
  readonly adoption: SecretStore['adoption'];
}

/** A delivery into an existing secret; `replaces` is its version under AWSCURRENT, undefined if there is none. */
interface Replacement extends Delivery {
  readonly replaces: Stamp | undefined;
}

/**
 * Delivers a value: a new secret in two calls (create, read back), a changed one in three (put, read back, promote).
 *
 * The secret is not inspected first: `expected` states whether there is a current version, and AWS refuses a write that
 * conflicts with the current state. Only then is the secret inspected and the delivery adapted. The stamp is the token
 * of each write and therefore the id of the version, so a delivery that is repeated after a crash between any two calls
 * continues where the first one ended.
 */
export const createDeliver = (options: DeliveryOptions): SecretStore['deliver'] => {
  const { client, inspect } = options;

  const deliver = async (delivery: Delivery): Promise<Delivered> => {
    checkValue(delivery);
    const { expected } = delivery;
    // `absent` and `unstamped` are handled alike: only AWS can determine whether the secret exists now.
    return typeof expected === 'string' ? create(delivery) : replace({ ...delivery, replaces: expected.stamp });
  };

  const create = async (delivery: Delivery): Promise<Delivered> => {
    const created = await tryCreate(delivery);
    if (created !== delivery.stamp) return replace({ ...delivery, replaces: created });
    // AWS promotes the first version at once, and keeps it under this stamp.
    if (!(await verify(delivery, 'creationMismatch')).includes(CURRENT)) throw overtaken(delivery);
    return readBack(true);
  };

  /**
   * Creates the secret and returns the id of its version. If the secret exists, returns the version to replace:
   * undefined for an empty secret, the current version of a retired one, into which no one else delivers. A server that
   * ignores our token generates a version id of its own; our version then replaces that one.
   */
  const tryCreate = async (delivery: Delivery): Promise<Stamp | undefined> => {
    const { name, stamp, value, description } = delivery;
    const command = new CreateSecretCommand({
      Name: name,
      ClientRequestToken: stamp,
      ...contentOf(value),
      Description: description,
      Tags: [...options.tags],
      ...(options.kmsKeyArn !== undefined && { KmsKeyId: options.kmsKeyArn }),
      ...(options.replicas !== undefined && { AddReplicaRegions: options.replicas }),
    });
    try {
      return (
        await callSecretsManager(
          { action: 'CreateSecret', secret: name },
          client.send(askBefore(command, delivery.beforeWrite)),
        )
      ).VersionId;
    } catch (error) {
      if (!isRefusal(error, 'ResourceExistsException', 'InvalidRequestException')) throw error;
      const presence = await makeWritable(delivery, error);
      if (presence.retired) return presence.stamp;
      // Another delivery came first. Staging ours would leave its value under AWSPENDING.
      if (presence.stamp !== undefined && presence.stamp !== stamp) throw overtaken(delivery);
      return undefined;
    }
  };

  const replace = async (delivery: Replacement): Promise<Delivered> => {
    const { name, stamp, replaces } = delivery;
    await stage(delivery);
    const stages = await verify(delivery);
    // AWS itself promotes the first version of an empty secret.
    if (stages.includes(CURRENT)) return readBack(replaces === undefined);
    const command = new UpdateSecretVersionStageCommand({
      SecretId: name,
      VersionStage: CURRENT,
      MoveToVersionId: stamp,
      ...(replaces !== undefined && { RemoveFromVersionId: replaces }),
    });
    try {
      await callSecretsManager(
        { action: 'UpdateSecretVersionStage', secret: name },
        client.send(askBefore(command, delivery.beforeWrite)),
      );
      return readBack(true);
    } catch (error) {
      return settleRefusedPromotion(delivery, error);
    }
  };

  /** Stages the value under AWSPENDING. That label stays on this version until the next delivery moves it. */
  const stage = async (delivery: Delivery): Promise<void> => {
    try {
      await put(delivery);
    } catch (error) {
      if (isRefusal(error, 'ResourceExistsException')) {
        throw storeProblem('stampConflict', { secret: delivery.name, detail: delivery.stamp });
      }
      if (isRefusal(error, 'ResourceNotFoundException')) throw overtaken(delivery);
      // A replica is refused as an invalid parameter.
      if (!isRefusal(error, 'InvalidRequestException', 'InvalidParameterException')) throw error;
      await makeWritable(delivery, error);
      await put(delivery);
    }
  };

  const put = async (delivery: Delivery): Promise<void> => {
    const { name, stamp, value } = delivery;
    const command = new PutSecretValueCommand({
      SecretId: name,
      ClientRequestToken: stamp,
      ...contentOf(value),
      VersionStages: [PENDING],
    });
    const put = client.send(askBefore(command, delivery.beforeWrite));
    const answer = await callSecretsManager({ action: 'PutSecretValue', secret: name }, put);
    if (answer.VersionId !== stamp) throw storeProblem('versionIdIgnored', { secret: name });
  };

  /**
   * Handles a refused write: checks that the secret is ours, restores it if it is scheduled for deletion, and returns
   * the state found. Any other cause of the refusal may already be settled by a concurrent delivery.
   */
  const makeWritable = async (delivery: Delivery, refusal: unknown): Promise<OwnedPresence> => {
    const { name } = delivery;
    const presence = await inspect(name);
    if (presence.kind === 'absent') throw refusal;
    if (presence.kind === 'foreign') {
      const command = options.adoption(name, presence);
      throw foreignSecret({ ...presence, name, for: undefined, command });
    }
    if (!presence.retired) return presence;
    const command = new RestoreSecretCommand({ SecretId: name });
    await callSecretsManager(
      { action: 'RestoreSecret', secret: name },
      client.send(askBefore(command, delivery.beforeWrite)),
    );
    return presence;
  };

  /** Reads the version back, compares it with the value to deliver, and returns its stages. */
  const verify = async (
    delivery: Delivery,
    mismatch: 'readBackMismatch' | 'creationMismatch' = 'readBackMismatch',
  ): Promise<readonly string[]> => {
    const { name, stamp, value } = delivery;
    const command = new GetSecretValueCommand({ SecretId: name, VersionId: stamp });
    try {
      const answer = await callSecretsManager({ action: 'GetSecretValue', secret: name }, client.send(command));
      if (valueIn(answer)?.equals(value)) return answer.VersionStages ?? [];
    } catch (error) {
      if (isRefusal(error, 'InvalidRequestException') && (await isGone(name))) throw overtaken(delivery);
      if (!isRefusal(error, 'ResourceNotFoundException')) throw error;
    }
    throw storeProblem(mismatch, { secret: name, detail: stamp });
  };

  /** True if another writer has deleted the secret, or scheduled its deletion, after our write. */
  const isGone = async (name: string): Promise<boolean> => {
    const presence = await inspect(name);
    return presence.kind !== 'owned' || presence.retired;
  };

  /** Settles a refusal to move AWSCURRENT: another writer moved it, possibly an earlier attempt of this delivery. */
  const settleRefusedPromotion = async (delivery: Replacement, error: unknown): Promise<Delivered> => {
    if (!isRefusal(error, 'InvalidParameterException', 'InvalidRequestException', 'ResourceNotFoundException')) {
      throw error;
    }
    const presence = await inspect(delivery.name);
    if (presence.kind !== 'owned' || presence.retired) throw overtaken(delivery);
    if (presence.stamp === delivery.stamp) return readBack(false);
    throw presence.stamp === delivery.replaces ? error : overtaken(delivery);
  };

  return deliver;
};

/** Content of a version; undefined if it has none. */
export const valueIn = ({
  SecretString,
  SecretBinary,
}: Pick<GetSecretValueCommandOutput, 'SecretString' | 'SecretBinary'>): Secret<SecretContent> | undefined => {
  if (SecretString !== undefined) return new Secret<SecretContent>(SecretString);
  return SecretBinary === undefined ? undefined : new Secret<SecretContent>(SecretBinary);
};

const contentOf = (value: Secret<SecretContent>) => {
  const content = value.reveal();
  return typeof content === 'string' ? { SecretString: content } : { SecretBinary: content };
};

const checkValue = ({ name, value }: Delivery): void => {
  const { valueBytes } = awsSecretsManagerRules;
  const content = value.reveal();
  if (content.length === 0 || (typeof content === 'string' && !content.isWellFormed())) {
    throw storeProblem('notText', { secret: name });
  }
  if (Buffer.byteLength(content) > valueBytes) {
    throw storeProblem('tooLarge', { secret: name, detail: valueBytes.toLocaleString('en-US') });
  }
};

const readBack = (changed: boolean): Delivered => ({ changed, verified: 'read-back' });

const overtaken = ({ name }: Delivery): RelayError => storeProblem('overtaken', { secret: name });

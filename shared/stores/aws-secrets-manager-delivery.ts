import {
  CreateSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  type Tag,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { callStore, isRefusal } from './aws-secrets-manager-errors.ts';
import type { Delivered, Delivery, SecretStore } from './store.ts';

export const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';

/** Secrets Manager's limit on a value, in bytes, those of a text in UTF-8 (quota "Secret value size"). */
const VALUE_LIMIT_BYTES = 65_536;

export interface DeliveryOptions {
  readonly client: SecretsManagerClient;
  readonly tags: readonly Tag[];
  readonly kmsKeyArn: string | undefined;
  readonly inspect: SecretStore['inspect'];
  readonly adoptCommand: SecretStore['adoptCommand'];
}

/**
 * Delivers a value: a new secret in two calls (create, read back), a changed one in three (put, read back, promote).
 *
 * What the caller has inspected already is not asked again: `replaces` says whether there is a current version, and AWS
 * refuses whatever no longer fits. Only then do we look, and decide anew. The version id is the token of each write, so
 * that a repeated delivery, after a crash between any two calls, finds what the first one did.
 */
export const createDeliver = (options: DeliveryOptions): SecretStore['deliver'] => {
  const { client, inspect } = options;

  const deliver = async (delivery: Delivery): Promise<Delivered> => {
    checkValue(delivery);
    return delivery.replaces === undefined ? create(delivery) : replace(delivery);
  };

  const create = async (delivery: Delivery): Promise<Delivered> => {
    const created = await tryCreate(delivery);
    if (created !== delivery.versionId) return replace({ ...delivery, replaces: created });
    if (!(await verify(delivery)).includes(CURRENT)) throw superseded(delivery);
    return { versionId: created, changed: true };
  };

  /**
   * The id of the version that was made, or what ours is to replace: nothing in an empty secret of ours, and what was
   * current in a retired one, which nobody else delivers into. Not every server takes our token for the id of what it
   * makes: the id that the server made up is then what ours replaces.
   */
  const tryCreate = async ({ name, versionId, value, description }: Delivery): Promise<string | undefined> => {
    const command = new CreateSecretCommand({
      Name: name,
      ClientRequestToken: versionId,
      ...contentOf(value),
      Description: description,
      Tags: [...options.tags],
      ...(options.kmsKeyArn !== undefined && { KmsKeyId: options.kmsKeyArn }),
    });
    try {
      return (await callStore({ action: 'CreateSecret', secret: name }, client.send(command))).VersionId;
    } catch (error) {
      if (!isRefusal(error, 'ResourceExistsException', 'InvalidRequestException')) throw error;
      return makeWritable(name, error);
    }
  };

  const replace = async (delivery: Delivery): Promise<Delivered> => {
    const { name, versionId, replaces } = delivery;
    await stage(delivery);
    const stages = await verify(delivery);
    // AWS promotes the first version of an empty secret by itself.
    if (stages.includes(CURRENT)) return { versionId, changed: replaces === undefined };
    const command = new UpdateSecretVersionStageCommand({
      SecretId: name,
      VersionStage: CURRENT,
      MoveToVersionId: versionId,
      ...(replaces !== undefined && { RemoveFromVersionId: replaces }),
    });
    try {
      await callStore({ action: 'UpdateSecretVersionStage', secret: name }, client.send(command));
      return { versionId, changed: true };
    } catch (error) {
      return settleRefusedPromotion(delivery, error);
    }
  };

  /** Puts the value under AWSPENDING. That label stays where it is until the next delivery takes it along. */
  const stage = async (delivery: Delivery): Promise<void> => {
    try {
      await put(delivery);
    } catch (error) {
      if (isRefusal(error, 'ResourceExistsException')) throw conflicting(delivery);
      if (isRefusal(error, 'ResourceNotFoundException')) throw superseded(delivery);
      if (!isRefusal(error, 'InvalidRequestException')) throw error;
      await makeWritable(delivery.name, error);
      await put(delivery);
    }
  };

  const put = async ({ name, versionId, value }: Delivery): Promise<void> => {
    const command = new PutSecretValueCommand({
      SecretId: name,
      ClientRequestToken: versionId,
      ...contentOf(value),
      VersionStages: [PENDING],
    });
    const answer = await callStore({ action: 'PutSecretValue', secret: name }, client.send(command));
    if (answer.VersionId === versionId) return;
    throw new RelayError(
      'StoreRejected',
      `Secret ${name}: the server did not take our version id, which deliveries are told apart by. See that the endpoint is AWS Secrets Manager.`,
    );
  };

  /**
   * What a refused write is followed by: sees that the secret is ours, and restores it when it is scheduled for
   * deletion; then it gives back what was current in it. Whatever else it was refused for, somebody at the same work
   * may have settled already.
   */
  const makeWritable = async (name: string, refusal: unknown): Promise<string | undefined> => {
    const presence = await inspect(name);
    if (presence.kind === 'absent') throw refusal;
    if (presence.kind === 'foreign') throw foreign(name, options.adoptCommand(name));
    if (!presence.retired) return undefined;
    const command = new RestoreSecretCommand({ SecretId: name });
    await callStore({ action: 'RestoreSecret', secret: name }, client.send(command));
    return presence.currentVersionId;
  };

  /** Reads the version back, compares it with what was to be delivered, and gives back its stages. */
  const verify = async ({ name, versionId, value }: Delivery): Promise<readonly string[]> => {
    const command = new GetSecretValueCommand({ SecretId: name, VersionId: versionId });
    try {
      const answer = await callStore({ action: 'GetSecretValue', secret: name }, client.send(command));
      if (valueIn(answer)?.equals(value)) return answer.VersionStages ?? [];
    } catch (error) {
      if (!isRefusal(error, 'ResourceNotFoundException')) throw error;
    }
    throw new RelayError(
      'DeliveryUnverified',
      `Secret ${name}: version ${versionId} does not read back as it was written, so nothing was promoted. The next run tries again.`,
    );
  };

  /** AWS refused to move AWSCURRENT: somebody else moved it, perhaps an earlier attempt of this very delivery. */
  const settleRefusedPromotion = async (delivery: Delivery, error: unknown): Promise<Delivered> => {
    if (!isRefusal(error, 'InvalidParameterException', 'InvalidRequestException', 'ResourceNotFoundException')) {
      throw error;
    }
    const presence = await inspect(delivery.name);
    if (presence.kind !== 'owned' || presence.retired) throw superseded(delivery);
    if (presence.currentVersionId === delivery.versionId) return { versionId: delivery.versionId, changed: false };
    throw presence.currentVersionId === delivery.replaces ? error : superseded(delivery);
  };

  return deliver;
};

/** What a version holds; undefined when that is nothing at all. */
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
  const content = value.reveal();
  if (content.length === 0 || (typeof content === 'string' && !content.isWellFormed())) {
    throw new RelayError(
      'ValueNotText',
      `Secret ${name}: the value is empty or no well-formed Unicode text, which Secrets Manager does not store. Change the credential or the sync's value template.`,
    );
  }
  if (Buffer.byteLength(content) > VALUE_LIMIT_BYTES) {
    throw new RelayError(
      'ValueTooLarge',
      `Secret ${name}: the value is larger than the 65,536 bytes that Secrets Manager stores. Deliver less with the sync's value template.`,
    );
  }
};

const superseded = ({ name }: Delivery): RelayError =>
  new RelayError(
    'DeliverySuperseded',
    `Secret ${name} has changed since this delivery was decided, so it was left as it is. The next run decides anew.`,
  );

const conflicting = ({ name, versionId }: Delivery): RelayError =>
  new RelayError(
    'DeliverySuperseded',
    `Secret ${name}: version ${versionId} holds another value already: the credential or its template changed while the vault's date of change stood still. A verify run delivers it.`,
  );

const foreign = (name: string, adoptCommand: string): RelayError =>
  new RelayError(
    'SecretForeign',
    `Secret ${name} exists and does not carry this sync's owner tag, so it was left alone. To hand it over, run: ${adoptCommand}`,
  );

import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { shellQuote } from '#shared/domain/shell.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import { callStore, isRefusal } from '#shared/stores/aws-secrets-manager-errors.ts';

export interface BootstrapSecretOptions {
  readonly client: SecretsManagerClient;
  /** As `bootstrapSecret` in relay.yaml has it. */
  readonly name: string;
  /** What it has to hold, to be shown to an operator: JSON with placeholders, such as `{"clientId": "…"}`. */
  readonly shape: string;
}

export interface BootstrapSecret {
  readonly value: Secret;
  /** Changes with the content: what was made from another version is stale. */
  readonly versionId: string;
}

/**
 * Reads the secret that an operator made for signing in to a vault. Repeatable.
 *
 * Raises `BootstrapUnusable`, with the command that helps, when there is none to read, and otherwise what the store
 * raises.
 */
export const readBootstrapSecret = async (options: BootstrapSecretOptions): Promise<BootstrapSecret> => {
  const { client, name } = options;
  try {
    const answer = await callStore(
      { action: 'GetSecretValue', secret: name },
      client.send(new GetSecretValueCommand({ SecretId: name })),
    );
    const { SecretString: value, VersionId: versionId } = answer;
    if (value !== undefined && versionId !== undefined) return { value: new Secret(value), versionId };
  } catch (error) {
    throw asUnusable(error, options);
  }
  throw unusable(
    name,
    'holds binary data',
    `put-secret-value --secret-id ${shellQuote(name)} --secret-string`,
    options,
  );
};

const asUnusable = (error: unknown, options: BootstrapSecretOptions): unknown => {
  const { name } = options;
  const quoted = shellQuote(name);
  if (isRefusal(error, 'ResourceNotFoundException')) {
    return unusable(name, 'does not exist or has no value', `create-secret --name ${quoted} --secret-string`, options);
  }
  if (!isRefusal(error, 'InvalidRequestException')) return error;
  return new RelayError(
    'BootstrapUnusable',
    `The bootstrap secret ${name} is scheduled for deletion. Restore it: aws secretsmanager restore-secret --secret-id ${quoted}`,
    { cause: error },
  );
};

const unusable = (name: string, problem: string, command: string, { shape }: BootstrapSecretOptions): RelayError =>
  new RelayError(
    'BootstrapUnusable',
    `The bootstrap secret ${name} ${problem}. Write ${shape} into a file only you can read, run: aws secretsmanager ${command} file://bootstrap.json, and delete the file.`,
  );

import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callSecretsManager, isRefusal } from '#shared/aws/secrets-manager-errors.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

export interface OperatorSecretOptions {
  readonly client: SecretsManagerClient;
  /** Name in relay.yaml. */
  readonly name: string;
  /** Purpose of the secret, such as `bootstrap secret`. */
  readonly kind: string;
  /** Expected content, as shown to an operator: JSON with placeholders, such as `{"clientId": "…"}`. */
  readonly shape: string;
}

export interface OperatorSecret {
  /** Text is without a byte order mark, which some editors put in front; bytes are in base64. */
  readonly form: 'text' | 'base64';
  readonly value: Secret;
  /** Changes with the content. Anything derived from another version is stale. */
  readonly versionId: string;
  /** Origin of the content in messages, if it is not the secret itself. */
  readonly origin?: string;
}

const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Reads a secret that an operator created for signing in to a vault. Raises `BootstrapUnusable`, with the command that
 * fixes it, if the secret is missing, empty or scheduled for deletion, and the errors of the store. Repeatable.
 */
export const readOperatorSecret = async (options: OperatorSecretOptions): Promise<OperatorSecret> => {
  const { client, name } = options;
  try {
    const answer = await callSecretsManager(
      { action: 'GetSecretValue', secret: name },
      client.send(new GetSecretValueCommand({ SecretId: name })),
    );
    const { SecretString: text, SecretBinary: bytes, VersionId: versionId = '' } = answer;
    if (text !== undefined) return { form: 'text', value: new Secret(text.replace(BYTE_ORDER_MARK, '')), versionId };
    const base64 = Buffer.from(bytes ?? []).toString('base64');
    return { form: 'base64', value: new Secret(base64), versionId };
  } catch (error) {
    throw asUnusable(error, options);
  }
};

const asUnusable = (error: unknown, options: OperatorSecretOptions): unknown => {
  const { name, kind } = options;
  const quoted = shellQuote(name);
  if (isRefusal(error, 'ResourceNotFoundException')) {
    return unusable(options, 'does not exist or has no value', `create-secret --name ${quoted}`);
  }
  if (!isRefusal(error, 'InvalidRequestException')) return error;
  return new RelayError(
    'BootstrapUnusable',
    `The ${kind} ${name} is scheduled for deletion. Restore it: aws secretsmanager restore-secret --secret-id ${quoted}`,
    { cause: error },
  );
};

/** The error for a secret with unusable content, with the command that replaces it. */
export const unusableContent = (options: Omit<OperatorSecretOptions, 'client'>, problem: string): RelayError =>
  unusable(options, problem, `put-secret-value --secret-id ${shellQuote(options.name)}`);

const unusable = (
  { kind, name, shape }: Omit<OperatorSecretOptions, 'client'>,
  problem: string,
  command: string,
): RelayError =>
  new RelayError(
    'BootstrapUnusable',
    `The ${kind} ${name} ${problem}. Write ${shape} to a file bootstrap.json that only you can read, run: aws secretsmanager ${command} --secret-string file://bootstrap.json, then delete the file.`,
  );

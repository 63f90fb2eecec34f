import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import type * as rows from '../rows.ts';

export type Bench = rows.Bench<SecretsManagerClient>;
export type Rows = rows.Rows<SecretsManagerClient>;

export const id = (): string => randomUUID();
export const refusal = (code: string) => expect.objectContaining({ name: code });

export const create = ({ client, name }: Bench, input: Partial<CreateSecretCommandInput> = {}) =>
  client.send(new CreateSecretCommand({ Name: name, SecretString: 'one', ...input }));
export const put = ({ client, name }: Bench, token: string, value: string, stages?: string[]) =>
  client.send(
    new PutSecretValueCommand({
      SecretId: name,
      ClientRequestToken: token,
      SecretString: value,
      ...(stages && { VersionStages: stages }),
    }),
  );
export const get = ({ client, name }: Bench, version: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId: name, ...version }));
export const describeSecret = ({ client, name }: Bench) => client.send(new DescribeSecretCommand({ SecretId: name }));
export const move = ({ client, name }: Bench, stage: string, to: string | undefined, from: string | undefined) =>
  client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: name,
      VersionStage: stage,
      ...(to !== undefined && { MoveToVersionId: to }),
      ...(from !== undefined && { RemoveFromVersionId: from }),
    }),
  );
export const remove = ({ client, name }: Bench, days = 7) =>
  client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: days }));
export const list = async ({ client }: Bench, input: ListSecretsCommandInput) =>
  (await client.send(new ListSecretsCommand(input))).SecretList?.map((entry) => entry.Name) ?? [];

/** A secret with a current version and a pending one. */
export const staged = async (bench: Bench) => {
  const pending = id();
  // Without a request token: a separate row covers its use as the version id.
  const { VersionId: current = '' } = await create(bench);
  await put(bench, pending, 'two', ['AWSPENDING']);
  return { current, pending };
};

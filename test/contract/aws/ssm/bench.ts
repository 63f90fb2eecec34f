import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  type DescribeParametersCommandInput,
  GetParameterCommand,
  GetParameterHistoryCommand,
  ListTagsForResourceCommand,
  type ParameterMetadata,
  PutParameterCommand,
  type PutParameterCommandInput,
  type SSMClient,
  type Tag,
} from '@aws-sdk/client-ssm';
import { expect } from 'vitest';
import type * as rows from '../rows.ts';

export type Bench = rows.Bench<SSMClient>;
export type Rows = rows.Rows<SSMClient>;

export const refusal = (code: string) => expect.objectContaining({ name: code });

const put = ({ client, name }: Bench, input: Partial<PutParameterCommandInput>) =>
  client.send(new PutParameterCommand({ Name: name, Value: 'one', Type: 'SecureString', ...input }));
export const create = (bench: Bench, input: Partial<PutParameterCommandInput> = {}) => put(bench, input);
export const overwrite = (bench: Bench, value: string, input: Partial<PutParameterCommandInput> = {}) =>
  put(bench, { Value: value, Overwrite: true, ...input });
export const get = async ({ client, name }: Bench, version = '') =>
  (await client.send(new GetParameterCommand({ Name: name + version, WithDecryption: true }))).Parameter;
export const historyOf = async ({ client, name }: Bench, NextToken?: string) =>
  client.send(new GetParameterHistoryCommand({ Name: name, WithDecryption: true, NextToken }));
export const remove = ({ client, name }: Bench) => client.send(new DeleteParameterCommand({ Name: name }));
export const tag = ({ client, name }: Bench, ...Tags: Tag[]) =>
  client.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: name, Tags }));
export const tagsOf = async ({ client, name }: Bench) =>
  (await client.send(new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: name }))).TagList;

/** All pages of a list, and the size of each. */
export const list = async ({ client }: Bench, input: DescribeParametersCommandInput) => {
  const found: ParameterMetadata[] = [];
  const sizes: number[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new DescribeParametersCommand({ ...input, NextToken }));
    found.push(...(page.Parameters ?? []));
    sizes.push(page.Parameters?.length ?? 0);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return { found, names: found.map(({ Name }) => Name), sizes };
};

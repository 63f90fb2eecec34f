import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { archiveOf, localClientConfig } from './resources.ts';
import type { SecretsManager } from './secrets-manager/server.ts';
import type { AwsServer } from './server.ts';
import type { ParameterStore } from './ssm/server.ts';
import type { Template } from './template/template.ts';

/** A piece of written data, to be searched for credentials. */
export interface Written {
  readonly where: string;
  readonly content: Buffer;
}

/**
 * All data in the AWS side except the values of secrets: objects, messages, published alerts, the rows of ListSecrets
 * and DescribeParameters, and the tags and earlier versions of parameters.
 */
export async function* everythingWritten(
  template: Template,
  server: AwsServer,
  secretsManager: SecretsManager,
  parameterStore: ParameterStore,
): AsyncIterable<Written> {
  const s3 = new S3Client(localClientConfig(server.endpoint));
  for (const { identity } of template.ofType('AWS::S3::Bucket')) yield* objectsOf(s3, identity.name);
  const queues = [
    ...template.ofType('AWS::SQS::Queue').map(({ identity }) => identity.name),
    ...template.ofType('AWS::SNS::Topic').map(({ identity }) => archiveOf(identity.name)),
  ];
  for (const queue of queues) {
    yield { where: `queue ${queue}`, content: Buffer.from(await server.queueContent(queue)) };
  }
  yield* pages('list of secrets', (token) =>
    secretsManager.handle('ListSecrets', { MaxResults: 100, IncludePlannedDeletion: true, ...token }),
  );
  yield* pages('list of parameters', (token) =>
    parameterStore.handle('DescribeParameters', { MaxResults: 50, ...token }),
  );
  for (const Name of Object.keys(parameterStore.currentValues())) {
    const tags = parameterStore.handle('ListTagsForResource', { ResourceType: 'Parameter', ResourceId: Name });
    yield { where: `tags of ${Name}`, content: Buffer.from(JSON.stringify(tags)) };
    yield* pages(
      `history of ${Name}`,
      (token) => parameterStore.handle('GetParameterHistory', { Name, MaxResults: 50, ...token }),
      withoutValues,
    );
  }
}

const withoutValues = (key: string, value: unknown): unknown => (key === 'Value' ? undefined : value);

async function* objectsOf(s3: S3Client, bucket: string): AsyncIterable<Written> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
    for (const { Key: key } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body !== undefined)
        yield { where: `s3://${bucket}/${key}`, content: Buffer.from(await Body.transformToByteArray()) };
    }
  }
}

function* pages(
  where: string,
  next: (token: { readonly NextToken?: unknown }) => Record<string, unknown>,
  replacer?: (key: string, value: unknown) => unknown,
): Iterable<Written> {
  let token: unknown;
  do {
    const page = next(token === undefined ? {} : { NextToken: token });
    yield { where, content: Buffer.from(JSON.stringify(page, replacer)) };
    ({ NextToken: token } = page);
  } while (token !== undefined);
}

import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { LocalAws } from '#local/aws/aws.ts';
import { archiveOf, localClientConfig } from '#local/aws/resources.ts';

const contentSchema = z.object({ messages: z.object({ ready: z.array(z.object({ body: z.string() })) }) });
const publishedSchema = z.object({ Subject: z.string(), Message: z.string() });

/** The records bucket of a local stack, and the messages published to its topic. */
export const openObjects = ({ endpoint, template, server }: LocalAws) => {
  const s3 = new S3Client(localClientConfig(endpoint));
  const Bucket = nameOf(template, 'AWS::S3::Bucket');
  return {
    put: async (key: string): Promise<void> => {
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: '', ContentLength: 0 }));
    },
    list: async (prefix: string): Promise<string[]> => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
      return Contents.flatMap(({ Key }) => Key ?? []);
    },
    /** Returns undefined if the object does not exist. */
    readJson: async (key: string): Promise<unknown> => {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
        return JSON.parse((await Body?.transformToString()) ?? '');
      } catch (thrown) {
        if (thrown instanceof NoSuchKey) return undefined;
        throw thrown;
      }
    },
    /** Subject and text of each notification. */
    published: async (): Promise<string[]> => {
      const content = await server.queueContent(archiveOf(nameOf(template, 'AWS::SNS::Topic')));
      const { messages } = contentSchema.parse(JSON.parse(content));
      return messages.ready.map(({ body }) => {
        const { Subject, Message } = publishedSchema.parse(JSON.parse(body));
        return `${Subject}\n${Message}`;
      });
    },
  };
};

const nameOf = (template: LocalAws['template'], type: 'AWS::S3::Bucket' | 'AWS::SNS::Topic'): string => {
  const [resource] = template.ofType(type);
  if (resource === undefined) throw new Error(`The stack has no ${type}.`);
  return resource.identity.name;
};

import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { expect } from 'vitest';
import { type Bench, describeRows, type Rows, type SuiteOptions } from './rows.ts';

const refusal = (code: string) => expect.objectContaining({ name: code });

const makeBucket = async ({ client, name: Bucket }: Bench<S3Client>) => {
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    put: (Key: string, Body: string, input: Partial<PutObjectCommandInput> = {}) =>
      client.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body,
          ContentLength: Buffer.byteLength(Body),
          ContentType: 'application/json',
          ...input,
        }),
      ),
    get: async (Key: string) => {
      const { Body, ...rest } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return { ...rest, text: await Body?.transformToString() };
    },
    list: async (Prefix: string, pageSize = 1000) => {
      const pages = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client, pageSize }, { Bucket, Prefix })) {
        pages.push(Contents.map(({ Key }) => Key));
      }
      return pages;
    },
  };
};

const rows: Rows<S3Client> = {
  'an object is returned unchanged, with its type': async (bench) => {
    const bucket = await makeBucket(bench);
    const text = '{"account":"svc é\\\\web","count":1}';
    await bucket.put('runs/databases/databases.1/plan.json', text);
    expect(await bucket.get('runs/databases/databases.1/plan.json')).toMatchObject({
      text,
      ContentType: 'application/json',
      ContentLength: Buffer.byteLength(text),
    });
  },
  'a second put replaces the object, and is visible immediately': async (bench) => {
    const bucket = await makeBucket(bench);
    for (const n of [1, 2, 3]) {
      await bucket.put('memory/databases.json', String(n));
      expect((await bucket.get('memory/databases.json')).text).toBe(String(n));
    }
  },
  'the entity tag depends only on the content': async (bench) => {
    const bucket = await makeBucket(bench);
    const [one, again, other] = [await bucket.put('k', 'a'), await bucket.put('k', 'a'), await bucket.put('k', 'b')];
    expect(again.ETag).toBe(one.ETag);
    expect(other.ETag).not.toBe(one.ETag);
  },
  'an empty object exists': async (bench) => {
    const bucket = await makeBucket(bench);
    await bucket.put('empty', '');
    expect((await bucket.get('empty')).text).toBe('');
  },
  'an object of ten megabytes is returned completely': async (bench) => {
    const bucket = await makeBucket(bench);
    const text = 'é'.repeat(5_000_000);
    await bucket.put('large', text);
    expect((await bucket.get('large')).text === text).toBe(true);
  },
  'a key can contain characters that URLs escape': async (bench) => {
    const bucket = await makeBucket(bench);
    const key = 'runs/a b/é+%2F=&?#';
    await bucket.put(key, 'x');
    expect((await bucket.get(key)).text).toBe('x');
    expect(await bucket.list('runs/a b/')).toEqual([[key]]);
  },
  'a missing key is NoSuchKey': async (bench) => {
    const bucket = await makeBucket(bench);
    await expect(bucket.get('absent')).rejects.toEqual(refusal('NoSuchKey'));
  },
  'a missing bucket is distinguished from a missing key': async ({ client, name }) => {
    const missing = client.send(new GetObjectCommand({ Bucket: name, Key: 'absent' }));
    await expect(missing).rejects.toEqual(refusal('NoSuchBucket'));
  },
  'a head request shows if an object exists': async (bench) => {
    const bucket = await makeBucket(bench);
    await bucket.put('k', 'abc');
    const head = (Key: string) => bench.client.send(new HeadObjectCommand({ Bucket: bench.name, Key }));
    expect(await head('k')).toMatchObject({ ContentLength: 3 });
    await expect(head('absent')).rejects.toEqual(refusal('NotFound'));
  },
  'a list holds each key under its prefix once, in order, page by page': async (bench) => {
    const bucket = await makeBucket(bench);
    const keys = [...'badce'].map((letter) => `runs/${letter}.json`);
    for (const key of [...keys, 'run', 'runs2/x']) await bucket.put(key, '{}');
    const pages = await bucket.list('runs/', 2);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(keys.toSorted());
  },
  'a list of more than a thousand keys comes in pages of a thousand': async (bench) => {
    const bucket = await makeBucket(bench);
    const keys = Array.from({ length: 1001 }, (_, n) => `checkouts/a/extended-${String(n).padStart(4, '0')}`);
    await pMap(keys, (key) => bucket.put(key, ''), { concurrency: 16 });
    const pages = await bucket.list('checkouts/a/');
    expect(pages.map((page) => page.length)).toEqual([1000, 1]);
    expect(pages.flat()).toEqual(keys);
  },
  'a short list is marked as complete': async (bench) => {
    const bucket = await makeBucket(bench);
    for (const key of ['checkouts/a/released', 'checkouts/b/released']) await bucket.put(key, '');
    const command = new ListObjectsV2Command({ Bucket: bench.name, Prefix: 'checkouts/a/', MaxKeys: 2 });
    expect(await bench.client.send(command)).toMatchObject({
      Contents: [{ Key: 'checkouts/a/released', Size: 0 }],
      IsTruncated: false,
      KeyCount: 1,
    });
  },
  'a list under an unused prefix is empty': async (bench) => {
    const bucket = await makeBucket(bench);
    expect(await bucket.list('runs/')).toEqual([[]]);
  },
  'a deleted object is gone, and a second deletion succeeds': async (bench) => {
    const bucket = await makeBucket(bench);
    await bucket.put('k', 'x');
    const remove = () => bench.client.send(new DeleteObjectCommand({ Bucket: bench.name, Key: 'k' }));
    await remove();
    await remove();
    await expect(bucket.get('k')).rejects.toEqual(refusal('NoSuchKey'));
  },
  'a put with If-None-Match does not replace an object': async (bench) => {
    const bucket = await makeBucket(bench);
    await bucket.put('k', 'first', { IfNoneMatch: '*' });
    await expect(bucket.put('k', 'second', { IfNoneMatch: '*' })).rejects.toEqual(refusal('PreconditionFailed'));
    expect((await bucket.get('k')).text).toBe('first');
  },
  'a put with If-Match does not replace an object that has changed': async (bench) => {
    const bucket = await makeBucket(bench);
    const { ETag } = await bucket.put('k', 'first');
    await bucket.put('k', 'second', { IfMatch: ETag });
    await expect(bucket.put('k', 'third', { IfMatch: ETag })).rejects.toEqual(refusal('PreconditionFailed'));
    expect((await bucket.get('k')).text).toBe('second');
  },
  'a put with If-Match creates no object': async (bench) => {
    const bucket = await makeBucket(bench);
    const { ETag } = await bucket.put('other', 'first');
    await expect(bucket.put('k', 'second', { IfMatch: ETag })).rejects.toEqual(refusal('NoSuchKey'));
    await expect(bucket.get('k')).rejects.toEqual(refusal('NoSuchKey'));
  },
  'a deletion with If-Match keeps an object that has changed': async (bench) => {
    const bucket = await makeBucket(bench);
    const remove = (IfMatch: string | undefined) =>
      bench.client.send(new DeleteObjectCommand({ Bucket: bench.name, Key: 'k', IfMatch }));
    const { ETag: first } = await bucket.put('k', 'first');
    const { ETag: second } = await bucket.put('k', 'second', { IfMatch: first });
    await expect(remove(first)).rejects.toEqual(refusal('PreconditionFailed'));
    expect((await bucket.get('k')).text).toBe('second');
    await remove(second);
    await expect(bucket.get('k')).rejects.toEqual(refusal('NoSuchKey'));
    await bucket.put('k', 'third', { IfNoneMatch: '*' });
  },
  'a list shows the entity tag of each object': async (bench) => {
    const bucket = await makeBucket(bench);
    const { ETag } = await bucket.put('claims/a/k', 'x');
    const { Contents } = await bench.client.send(new ListObjectsV2Command({ Bucket: bench.name, Prefix: 'claims/a/' }));
    expect(Contents).toMatchObject([{ Key: 'claims/a/k', ETag }]);
  },
  'of several concurrent puts with the same If-Match, one is written': async (bench) => {
    const bucket = await makeBucket(bench);
    const { ETag } = await bucket.put('k', 'first');
    const bodies = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
    const puts = await Promise.allSettled(bodies.map((body) => bucket.put('k', body, { IfMatch: ETag })));
    const written = bodies.filter((_, index) => puts[index]?.status === 'fulfilled');
    expect(written).toEqual([(await bucket.get('k')).text]);
  },
};

/** Checks a server against the AWS documentation of S3, as far as the records bucket needs it. */
export const describeS3 = (server: string, connect: () => Promise<S3Client>, options: SuiteOptions = {}): void =>
  describeRows(`${server} as S3`, { ...options, rows, connect, prefix: 'contract-' });

import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createS3Claims, createS3Records, createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { recordAt } from '#shared/records/records.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const metadata = { $metadata: {}, message: 'of AWS' };
const s3 = mockAws(S3Client);

describe('the records bucket', () => {
  const records = createS3Records('bucket');
  const place = recordAt.memory('databases');

  it('treats a record as missing only if S3 reports that it does not exist', async () => {
    s3.on(GetObjectCommand).rejectsOnce(new NoSuchKey(metadata));
    expect(await records.read(place)).toBeUndefined();
    const denied = Object.assign(new Error('of AWS'), { name: 'AccessDenied' });
    s3.on(GetObjectCommand).rejects(denied);
    await expect(records.read(place)).rejects.toMatchObject({ name: 'StoreDenied' });
    s3.on(PutObjectCommand).rejects(Object.assign(new Error('of AWS'), { name: 'SlowDown' }));
    await expect(records.write(place, emptyMemory())).rejects.toMatchObject({
      name: 'StoreUnavailable',
      retryable: true,
    });
  });

  it('rejects a record of another shape, and names its key', async () => {
    s3.on(GetObjectCommand).resolves({});
    await expect(records.read(recordAt.plan({ rule: 'databases', run: 'databases.1' }))).rejects.toThrow(
      's3://bucket/runs/databases/databases.1/plan.json is not a valid record of the relay',
    );
  });

  it('replaces a memory of another shape, such as that of an earlier version', async () => {
    s3.on(GetObjectCommand).resolves({});
    expect(await records.read(place)).toEqual(emptyMemory());
  });
});

describe('records that are written once', () => {
  const { claim } = createS3Claims('bucket');
  const place = { key: 'ids/a', schema: z.object({ by: z.string() }) };
  const named = (name: string) => Object.assign(new Error('of AWS'), { name });
  const bodyOf = (text: string) => async () => ({ ETag: '"1"', Body: { transformToString: async () => text } });

  it('are written only if none exists, in one call', async () => {
    s3.on(PutObjectCommand).resolves({ ETag: '1' });
    expect(await claim(place, { by: 'us' })).toEqual({ by: 'us' });
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'bucket',
      Key: 'ids/a',
      Body: '{"by":"us"}',
      ContentType: 'application/json',
      IfNoneMatch: '*',
    });
  });

  it.each(['PreconditionFailed', 'ConditionalRequestConflict'])(
    'are returned unchanged if one exists or is written at the same time: %s',
    async (name) => {
      s3.on(PutObjectCommand).rejects(named(name));
      s3.on(GetObjectCommand).callsFake(bodyOf('{"by":"others"}'));
      expect(await claim(place, { by: 'us' })).toEqual({ by: 'others' });
    },
  );

  it('are an error if none exists after a conflict, or if S3 does not confirm the write', async () => {
    s3.on(PutObjectCommand).rejects(named('ConditionalRequestConflict'));
    s3.on(GetObjectCommand).rejects(new NoSuchKey(metadata));
    await expect(claim(place, { by: 'us' })).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
    s3.on(PutObjectCommand).rejects(named('SlowDown'));
    await expect(claim(place, { by: 'us' })).rejects.toMatchObject({ name: 'StoreUnavailable' });
    s3.on(PutObjectCommand).resolves({});
    await expect(claim(place, { by: 'us' })).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

const failure = (name: string) => Object.assign(new Error('of AWS'), { name });

describe('shared records', () => {
  const shared = createS3SharedRecords('bucket');
  const place = { key: 'limits/a', schema: z.object({ by: z.string() }) };

  it('are read with their version, and replaced only if it is still the current one', async () => {
    const content = { ETag: '"1"', Body: { transformToString: async () => '{"by":"us"}' } };
    s3.on(GetObjectCommand).callsFake(async () => content);
    expect(await shared.read(place)).toEqual({ record: { by: 'us' }, version: '"1"' });
    s3.on(PutObjectCommand).resolvesOnce({ ETag: '"2"' }).rejects(new NoSuchKey(metadata));
    expect(await shared.replace(place, { by: 'us' }, '"1"')).toBe('"2"');
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({ Key: 'limits/a', IfMatch: '"1"' });
    expect(await shared.replace(place, { by: 'us' }, '"1"')).toBeUndefined();
  });

  it('are listed with their versions on every page', async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({
        KeyCount: 1,
        Contents: [{ Key: 'claims/a', ETag: '"1"' }],
        IsTruncated: true,
        NextContinuationToken: 'x',
      })
      .resolves({ KeyCount: 1, Contents: [{ Key: 'claims/b', ETag: '"2"' }] });
    expect(await shared.list('claims/')).toEqual([
      { key: 'claims/a', version: '"1"' },
      { key: 'claims/b', version: '"2"' },
    ]);
    s3.on(ListObjectsV2Command).resolves({ KeyCount: 1, Contents: [{ Key: 'claims/a' }] });
    await expect(shared.list('claims/')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('are removed only if their version is still the current one', async () => {
    s3.on(DeleteObjectCommand).resolvesOnce({}).rejectsOnce(failure('PreconditionFailed')).rejects(failure('SlowDown'));
    expect(await shared.remove(place, '"1"')).toBe(true);
    expect(s3.commandCalls(DeleteObjectCommand)[0]?.args[0].input).toMatchObject({ Key: 'limits/a', IfMatch: '"1"' });
    expect(await shared.remove(place, '"1"')).toBe(false);
    await expect(shared.remove(place, '"1"')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('are replaced by their fallback if their content is not a record', async () => {
    const ifUnreadable = { by: 'none' };
    for (const text of ['{"by":1}', '{"by":']) {
      s3.on(GetObjectCommand).callsFake(async () => ({ ETag: '"3"', Body: { transformToString: async () => text } }));
      expect(await shared.read({ ...place, ifUnreadable })).toEqual({ record: ifUnreadable, version: '"3"' });
      await expect(shared.read(place)).rejects.toMatchObject({ name: 'ContractViolated' });
    }
  });

  it('are an error if S3 cannot decide', async () => {
    s3.on(PutObjectCommand).rejects(Object.assign(new Error('of AWS'), { name: 'SlowDown' }));
    await expect(shared.replace(place, { by: 'us' }, '"1"')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('are an error without a version, which only a proxy omits', async () => {
    s3.on(GetObjectCommand).callsFake(async () => ({ Body: { transformToString: async () => '{"by":"us"}' } }));
    await expect(shared.read(place)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('the signals in the records bucket', () => {
  const signals = createS3Signals('bucket');

  it('are listed on every page', async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({ KeyCount: 1, Contents: [{ Key: 'a/1' }], IsTruncated: true, NextContinuationToken: 'more' })
      .resolvesOnce({ KeyCount: 1, Contents: [{ Key: 'a/2' }] });
    expect(await signals.list('a/')).toEqual(['a/1', 'a/2']);
  });

  it('are an error if S3 does not answer, never an empty list', async () => {
    s3.on(ListObjectsV2Command).resolvesOnce({});
    await expect(signals.list('a/')).rejects.toMatchObject({ name: 'StoreUnavailable' });
    s3.on(ListObjectsV2Command).rejects(Object.assign(new Error('of AWS'), { name: 'AccessDenied' }));
    await expect(signals.list('a/')).rejects.toMatchObject({ name: 'StoreDenied' });
  });

  it('are removed only if S3 confirms it', async () => {
    s3.on(DeleteObjectCommand)
      .resolvesOnce({})
      .rejects(Object.assign(new Error('of AWS'), { name: 'SlowDown' }));
    await signals.remove('a/1');
    expect(s3.commandCalls(DeleteObjectCommand)[0]?.args[0].input).toEqual({ Bucket: 'bucket', Key: 'a/1' });
    await expect(signals.remove('a/1')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('are written as empty objects, and count as written only if S3 confirms it', async () => {
    s3.on(PutObjectCommand).resolvesOnce({ ETag: '1' }).resolves({});
    await signals.put('a/1');
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'bucket',
      Key: 'a/1',
      Body: '',
      ContentLength: 0,
    });
    await expect(signals.put('a/1')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

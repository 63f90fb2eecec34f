import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Pages } from '#shared/records/pages.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';

const failureOf = (thrown: unknown, action: string, bucket: string, key: string): RelayError => {
  const name = thrown instanceof Error ? thrown.name : 'unknown';
  return name === 'AccessDenied'
    ? new RelayError(
        'StoreDenied',
        `The relay has no permission to ${action} s3://${bucket}/${key}. Deploy the stack again, or remove the policy that denies access.`,
        { cause: thrown },
      )
    : new RelayError('StoreUnavailable', `S3 did not ${action} s3://${bucket}/${key} (${name}).`, { cause: thrown });
};

/** Creates the client at the first call, because its import takes longer than a warm step. */
const lateClient = () => {
  let connected: Promise<{ client: S3Client; sdk: typeof import('@aws-sdk/client-s3') }> | undefined;
  return () => {
    connected ??= import('@aws-sdk/client-s3').then((sdk) => ({ client: new sdk.S3Client(awsClientConfig()), sdk }));
    return connected;
  };
};

interface Content {
  readonly Body: string;
  readonly ContentType?: string;
  readonly ContentLength?: number;
  /** Writes only if the key does not exist. */
  readonly IfNoneMatch?: '*';
}

/** Writes an object. Returns false if the key exists and must not be overwritten. */
type Put = (key: string, content: Content) => Promise<boolean>;

/**
 * Errors of a conditional write: the key exists, or a concurrent request on the same key is in progress. Source: S3
 * user guide, "How to prevent object overwrites with conditional writes".
 */
const TAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

const JSON_TYPE = 'application/json';

const createPut =
  (bucket: string, connect: ReturnType<typeof lateClient>): Put =>
  async (key, content) => {
    const { client, sdk } = await connect();
    let written: { ETag?: string | undefined };
    try {
      written = await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: key, ...content }));
    } catch (thrown) {
      const isTaken = content.IfNoneMatch !== undefined && thrown instanceof Error && TAKEN.has(thrown.name);
      if (isTaken) return false;
      throw failureOf(thrown, 'write', bucket, key);
    }
    // S3 always returns an ETag. A success without one came from a proxy.
    if (written.ETag === undefined) throw failureOf(undefined, 'write', bucket, key);
    return true;
  };

/** The records bucket on S3. */
export const createS3Records = (bucket: string): Records => {
  const connect = lateClient();
  const put = createPut(bucket, connect);

  return {
    async read<T>({ key, schema }: RecordPlace<T>) {
      const { client, sdk } = await connect();
      let text: string | undefined;
      try {
        const object = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
        text = await object.Body?.transformToString();
      } catch (thrown) {
        if (thrown instanceof sdk.NoSuchKey) return undefined;
        throw failureOf(thrown, 'read', bucket, key);
      }
      try {
        return schema.parse(JSON.parse(text ?? ''));
      } catch (cause) {
        throw new RelayError(
          'ContractViolated',
          `s3://${bucket}/${key} is not a valid record of the relay. Delete it and start the sync again.`,
          { cause },
        );
      }
    },

    async write({ key }, record) {
      await put(key, { Body: JSON.stringify(record), ContentType: JSON_TYPE });
    },
  };
};

/** Records in the records bucket that are created only once. */
export const createS3Claims = (bucket: string): Claims => {
  const put = createPut(bucket, lateClient());
  const { read } = createS3Records(bucket);

  return {
    async claim(place, record) {
      const content = { Body: JSON.stringify(record), ContentType: JSON_TYPE, IfNoneMatch: '*' as const };
      if (await put(place.key, content)) return record;
      const existing = await read(place);
      // The concurrent writer can still fail.
      if (existing === undefined) throw failureOf(undefined, 'write', bucket, place.key);
      return existing;
    },
  };
};

/** Report pages in the records bucket. */
export const createS3Pages = (bucket: string): Pages => {
  const put = createPut(bucket, lateClient());
  return {
    async write(key, html) {
      await put(key, { Body: html, ContentType: 'text/html; charset=utf-8' });
    },
  };
};

/** Signals in the records bucket. */
export const createS3Signals = (bucket: string): Signals => {
  const connect = lateClient();
  const put = createPut(bucket, connect);

  return {
    // Without a length, the SDK warns about the empty body.
    async put(key) {
      await put(key, { Body: '', ContentLength: 0 });
    },

    async list(prefix) {
      const { client, sdk } = await connect();
      const keys: string[] = [];
      try {
        for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
          // S3 returns a count even for an empty page. An answer without one came from a proxy.
          if (page.KeyCount === undefined) throw new Error('The answer has no KeyCount.');
          keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
        }
      } catch (thrown) {
        throw failureOf(thrown, 'list', bucket, prefix);
      }
      return keys;
    },

    async remove(key) {
      const { client, sdk } = await connect();
      try {
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }));
      } catch (thrown) {
        throw failureOf(thrown, 'delete', bucket, key);
      }
    },
  };
};

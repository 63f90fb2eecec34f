import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';

const failureOf = (thrown: unknown, doing: string, bucket: string, key: string): RelayError => {
  const name = thrown instanceof Error ? thrown.name : 'unknown';
  return name === 'AccessDenied'
    ? new RelayError(
        'StoreDenied',
        `The relay may not ${doing} s3://${bucket}/${key}. Deploy the stack again, or undo the policy that denies it.`,
        { cause: thrown },
      )
    : new RelayError('StoreUnavailable', `S3 did not ${doing} s3://${bucket}/${key} (${name}).`, { cause: thrown });
};

/** The client is made at the first call: its import costs more than a warm step. */
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
  /** Writes only where there is nothing. */
  readonly IfNoneMatch?: '*';
}

/** False when there was something already that it was not to take the place of. */
type Put = (key: string, content: Content) => Promise<boolean>;

/**
 * What S3 says to a write that may only create: there is something, or somebody was at work on the key at the same time.
 * Source: S3 user guide, "How to prevent object overwrites with conditional writes".
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
    // Whatever says success without it was not S3.
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
          `s3://${bucket}/${key} is not what the relay writes there. Delete it and start the sync again.`,
          { cause },
        );
      }
    },

    async write({ key }, record) {
      await put(key, { Body: JSON.stringify(record), ContentType: JSON_TYPE });
    },
  };
};

/** Records in the records bucket that are made once. */
export const createS3Claims = (bucket: string): Claims => {
  const put = createPut(bucket, lateClient());
  const { read } = createS3Records(bucket);

  return {
    async claim(place, record) {
      const content = { Body: JSON.stringify(record), ContentType: JSON_TYPE, IfNoneMatch: '*' as const };
      if (await put(place.key, content)) return record;
      const there = await read(place);
      // Whoever was at work on it at the same time may yet fail.
      if (there === undefined) throw failureOf(undefined, 'write', bucket, place.key);
      return there;
    },
  };
};

/** The notes in the records bucket on S3. */
export const createS3Notes = (bucket: string): Notes => {
  const connect = lateClient();
  const put = createPut(bucket, connect);

  return {
    // The SDK counts what there is, and warns of a body without a length.
    async put(key) {
      await put(key, { Body: '', ContentLength: 0 });
    },

    async list(prefix) {
      const { client, sdk } = await connect();
      const keys: string[] = [];
      try {
        for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
          // S3 counts nothing, too; whatever leaves the count out was not S3.
          if (page.KeyCount === undefined) throw new Error('an answer without a count');
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

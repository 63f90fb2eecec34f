import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';
import type { EventFiles } from '#shared/records/event-files.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Pages } from '#shared/records/pages.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { ABSENT, claimRecord, type RemovableRecords } from '#shared/records/shared-record.ts';
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
const lazyClient = () => {
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
  /** Writes only if the object has this ETag. */
  readonly IfMatch?: string;
}

/** Writes an object. Returns its ETag, or undefined if the condition of the write is not met. */
type Put = (key: string, content: Content) => Promise<string | undefined>;

/**
 * Errors of a conditional write or removal: another object exists, none exists, or a concurrent request on the same key
 * is in progress. Source: S3 user guide, "How to prevent object overwrites with conditional writes" and "How to perform
 * conditional deletes".
 */
const NOT_MET = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey']);

const JSON_TYPE = 'application/json';

const createPut =
  (bucket: string, connect: ReturnType<typeof lazyClient>): Put =>
  async (key, content) => {
    const { client, sdk } = await connect();
    let written: { ETag?: string | undefined };
    try {
      written = await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: key, ...content }));
    } catch (thrown) {
      const isConditional = content.IfNoneMatch !== undefined || content.IfMatch !== undefined;
      if (isConditional && thrown instanceof Error && NOT_MET.has(thrown.name)) return undefined;
      throw failureOf(thrown, 'write', bucket, key);
    }
    // S3 always returns an ETag. A success without one came from a proxy.
    if (written.ETag === undefined) throw failureOf(undefined, 'write', bucket, key);
    return written.ETag;
  };

const createGet =
  (bucket: string, connect: ReturnType<typeof lazyClient>) =>
  async <T>({
    key,
    schema,
    ifUnreadable,
  }: RecordPlace<T>): Promise<{ record: T; version: string | undefined } | undefined> => {
    const { client, sdk } = await connect();
    let text: string | undefined;
    let version: string | undefined;
    try {
      const object = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
      version = object.ETag;
      text = await object.Body?.transformToString();
    } catch (thrown) {
      if (thrown instanceof sdk.NoSuchKey) return undefined;
      throw failureOf(thrown, 'read', bucket, key);
    }
    try {
      return { record: schema.parse(JSON.parse(text ?? '')), version };
    } catch (cause) {
      if (ifUnreadable !== undefined) return { record: ifUnreadable, version };
      throw new RelayError(
        'ContractViolated',
        `s3://${bucket}/${key} is not a valid record of the relay. Delete it and start the run again.`,
        { cause },
      );
    }
  };

/** Lists all objects under a prefix. */
const createList =
  (bucket: string, connect: ReturnType<typeof lazyClient>) =>
  async (prefix: string): Promise<readonly { readonly key: string; readonly etag: string | undefined }[]> => {
    const { client, sdk } = await connect();
    const objects: { key: string; etag: string | undefined }[] = [];
    try {
      for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        // S3 returns a count even for an empty page. An answer without one came from a proxy.
        if (page.KeyCount === undefined) throw new Error('The answer has no KeyCount.');
        for (const { Key, ETag } of page.Contents ?? []) if (Key !== undefined) objects.push({ key: Key, etag: ETag });
      }
    } catch (thrown) {
      throw failureOf(thrown, 'list', bucket, prefix);
    }
    return objects;
  };

const jsonOf = (record: unknown): Content => ({ Body: JSON.stringify(record), ContentType: JSON_TYPE });

/** The records bucket on S3. */
export const createS3Records = (bucket: string): Records => {
  const connect = lazyClient();
  const put = createPut(bucket, connect);
  const get = createGet(bucket, connect);

  return {
    read: async (place) => (await get(place))?.record,
    async write({ key }, record) {
      await put(key, jsonOf(record));
    },
  };
};

/** Shared records in the records bucket. The version of a record is its ETag. */
export const createS3SharedRecords = (bucket: string): RemovableRecords => {
  const connect = lazyClient();
  const put = createPut(bucket, connect);
  const get = createGet(bucket, connect);
  const list = createList(bucket, connect);
  return {
    async read(place) {
      const found = await get(place);
      if (found === undefined) return undefined;
      const { record, version } = found;
      // S3 always returns an ETag. An answer without one came from a proxy.
      if (version === undefined) throw failureOf(undefined, 'read', bucket, place.key);
      return { record, version };
    },
    replace: ({ key }, record, expected) =>
      put(key, { ...jsonOf(record), ...(expected === ABSENT ? { IfNoneMatch: '*' } : { IfMatch: expected }) }),
    async list(prefix) {
      return (await list(prefix)).map(({ key, etag }) => {
        // As above.
        if (etag === undefined) throw failureOf(undefined, 'list', bucket, prefix);
        return { key, version: etag };
      });
    },
    async remove({ key }, expected) {
      const { client, sdk } = await connect();
      try {
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key, IfMatch: expected }));
        return true;
      } catch (thrown) {
        if (thrown instanceof Error && NOT_MET.has(thrown.name)) return false;
        throw failureOf(thrown, 'delete', bucket, key);
      }
    },
  };
};

/** Records in the records bucket that are created only once. */
export const createS3Claims = (bucket: string): Claims => {
  const shared = createS3SharedRecords(bucket);
  return { claim: (place, record) => claimRecord(shared, place, record) };
};

/** Files of exported events in the records bucket. */
export const createS3EventFiles = (bucket: string): EventFiles => {
  const connect = lazyClient();
  const put = createPut(bucket, connect);
  return {
    create: async (key, lines) =>
      (await put(key, { Body: lines, ContentType: 'application/x-ndjson', IfNoneMatch: '*' })) !== undefined,
    async read(key) {
      const { client, sdk } = await connect();
      try {
        const object = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
        return await object.Body?.transformToString();
      } catch (thrown) {
        if (thrown instanceof sdk.NoSuchKey) return undefined;
        throw failureOf(thrown, 'read', bucket, key);
      }
    },
  };
};

/** Report pages in the records bucket. */
export const createS3Pages = (bucket: string): Pages => {
  const put = createPut(bucket, lazyClient());
  return {
    async write(key, html) {
      await put(key, { Body: html, ContentType: 'text/html; charset=utf-8' });
    },
  };
};

/** Signals in the records bucket. */
export const createS3Signals = (bucket: string): Signals => {
  const connect = lazyClient();
  const put = createPut(bucket, connect);
  const list = createList(bucket, connect);

  return {
    // Without a length, the SDK warns about the empty body.
    async put(key) {
      await put(key, { Body: '', ContentLength: 0 });
    },

    list: async (prefix) => (await list(prefix)).map(({ key }) => key),

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

import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig } from '#shared/aws.ts';
import { RelayError } from '#shared/errors.ts';
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

/** The records bucket on S3. The client is made at the first call: its import costs more than a warm step. */
export const createS3Records = (bucket: string): Records => {
  let connected: Promise<{ client: S3Client; sdk: typeof import('@aws-sdk/client-s3') }> | undefined;
  const connect = () => {
    connected ??= import('@aws-sdk/client-s3').then((sdk) => ({ client: new sdk.S3Client(awsClientConfig()), sdk }));
    return connected;
  };

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

    async write(place, record) {
      const { client, sdk } = await connect();
      let written: { ETag?: string | undefined };
      try {
        written = await client.send(
          new sdk.PutObjectCommand({
            Bucket: bucket,
            Key: place.key,
            Body: JSON.stringify(record),
            ContentType: 'application/json',
          }),
        );
      } catch (thrown) {
        throw failureOf(thrown, 'write', bucket, place.key);
      }
      // Whatever says success without it was not S3.
      if (written.ETag === undefined) throw failureOf(undefined, 'write', bucket, place.key);
    },
  };
};

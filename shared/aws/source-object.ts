import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';

/** 100,000 people. */
const MAX_SOURCE_BYTES = 32_000_000;

export interface SourceObject {
  readonly bucket: string;
  readonly key: string;
  /** Account that must own the bucket. */
  readonly account?: string | undefined;
}

/**
 * Reads an object of another owner as text. Raises `StoreDenied`, also if it does not exist: S3 does not tell them
 * apart without the permission to list. Raises `StoreUnavailable`, and `ConfigurationInvalid` for one that is too large
 * or is not UTF-8. Repeatable.
 */
export const readSourceObject = async ({ bucket, key, account }: SourceObject): Promise<string> => {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const origin = `s3://${bucket}/${key}`;
  let bytes: Uint8Array | undefined;
  let length: number | undefined;
  try {
    const { Body, ContentLength } = await new S3Client(awsClientConfig()).send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(account !== undefined && { ExpectedBucketOwner: account }),
      }),
    );
    length = ContentLength;
    if (length === undefined || length <= MAX_SOURCE_BYTES) bytes = await Body?.transformToByteArray();
  } catch (thrown) {
    const name = thrown instanceof Error ? thrown.name : 'unknown';
    if (name === 'AccessDenied' || name === 'NoSuchKey' || name === 'NoSuchBucket') {
      throw new RelayError(
        'StoreDenied',
        `The relay cannot read ${origin} (${name}). Check its name, and that the policies of its bucket and key allow the function to read it.`,
        { cause: thrown },
      );
    }
    throw new RelayError('StoreUnavailable', `S3 did not read ${origin} (${name}).`, { cause: thrown });
  }
  if (bytes === undefined) {
    throw new RelayError('ConfigurationInvalid', `${origin} has more than ${MAX_SOURCE_BYTES} bytes. Split the rule.`);
  }
  // A part of an object would declare fewer people.
  if (length !== undefined && length !== bytes.byteLength) {
    throw new RelayError('StoreUnavailable', `S3 returned only a part of ${origin}.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RelayError('ConfigurationInvalid', `${origin} is not UTF-8 text. Nothing is changed.`, { cause });
  }
};

import { Duration } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { accept } from '#infra/nag.ts';
import type { Folder, Grant, Permission } from '#shared/workflows/grants.ts';

type RecordsGrant = Extract<Grant, { readonly to: 'records' }>;

/** Long enough to answer "what happened last month"; the logs stay for as long as relay.yaml says. */
const RUNS_KEPT = Duration.days(30);

/** A checkout may last for a year. */
const CHECKOUTS_KEPT = Duration.days(400);

/** How long the records of each folder are kept; those of the others until somebody takes them away. */
const KEPT: Partial<Record<Folder, Duration>> = {
  runs: RUNS_KEPT,
  named: RUNS_KEPT,
  checkouts: CHECKOUTS_KEPT,
  ids: CHECKOUTS_KEPT,
};

/** The bucket with batches, reports and memories. No credential is ever in it. */
export class RecordsBucket extends Construct {
  readonly bucket: Bucket;
  readonly #key: RelayKey;

  constructor(scope: Construct, id: string, { key }: { readonly key: RelayKey }) {
    super(scope, id);
    this.#key = key;
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        ...Object.entries(KEPT).map(([folder, expiration]) => ({
          id: `forget-${folder}`,
          prefix: `${folder}/`,
          expiration,
        })),
        { id: 'drop-broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    accept(
      this.bucket,
      'S1',
      'Only the functions of this stack can read it, their logs say what they read, and it holds no credential; a second bucket of access logs would add nothing. CloudTrail data events can be switched on where a policy asks for them.',
    );
  }

  /** What a grant comes to. */
  permissionsFor(grant: RecordsGrant): readonly Permission[] {
    switch (grant.may) {
      case 'list':
        return [this.#seeing()];
      case 'read':
        // Without seeing S3 says "forbidden" for a record that isn't there, and unknown would read as refused.
        return [this.#objects('s3:GetObject', grant.folder), this.#seeing(), this.#key.use('s3', 'kms:Decrypt')];
      case 'write':
        return [this.#objects('s3:PutObject', grant.folder), this.#key.use('s3', 'kms:GenerateDataKey')];
      case 'remove':
        return [this.#objects('s3:DeleteObject', grant.folder)];
    }
  }

  #seeing(): Permission {
    return { actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] };
  }

  #objects(action: string, folder: Folder): Permission {
    return {
      actions: [action],
      resources: [this.bucket.arnForObjects(`${folder}/*`)],
      pattern: 'Records are named after runs and rules.',
    };
  }
}

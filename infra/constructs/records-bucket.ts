import { Duration } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { accept } from '#infra/nag.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Folder, Grant, Permission } from '#shared/workflows/grants.ts';

type RecordsGrant = Extract<Grant, { readonly to: 'records' }>;

/** Long enough to investigate runs of the last month. relay.yaml sets the retention of the logs. */
const RUNS_KEPT = Duration.days(30);

/** A checkout can last for a year. */
const CHECKOUTS_KEPT = Duration.days(400);

/** Retention of the records in each folder. Records in other folders are kept until they are deleted. */
const KEPT: Partial<Record<Folder, Duration>> = {
  runs: RUNS_KEPT,
  named: RUNS_KEPT,
  checkouts: CHECKOUTS_KEPT,
  ids: CHECKOUTS_KEPT,
  tickets: CHECKOUTS_KEPT,
  comments: CHECKOUTS_KEPT,
  held: CHECKOUTS_KEPT,
  rotations: CHECKOUTS_KEPT,
  'old-checkouts': CHECKOUTS_KEPT,
  'member-events': CHECKOUTS_KEPT,
};

/** Parts of a directory that are forgotten. What the relay owns there, and who is leaving it, is kept. */
const OF_DIRECTORY = ['journal', 'runs'] as const;

export interface RecordsBucketProps {
  readonly key: RelayKey;
  readonly exports: RelayConfig['exports'];
  /** Names of the rules for directories. */
  readonly directories: readonly string[];
}

/**
 * The bucket with batches, reports, the state of syncs between runs, and exported events. It never contains a
 * credential.
 */
export class RecordsBucket extends Construct {
  readonly bucket: Bucket;
  readonly #key: RelayKey;

  constructor(scope: Construct, id: string, { key, exports, directories }: RecordsBucketProps) {
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
        ...Object.entries(exports).flatMap(([rule, { keepDays }]) =>
          keepDays === undefined
            ? []
            : [{ id: `forget-events-${rule}`, prefix: `events/${rule}/`, expiration: Duration.days(keepDays) }],
        ),
        ...directories.flatMap((rule) =>
          OF_DIRECTORY.map((part) => ({
            id: `forget-directories-${rule}-${part}`,
            prefix: `directories/${rule}/${part}/`,
            expiration: CHECKOUTS_KEPT,
          })),
        ),
        { id: 'drop-broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    accept(
      this.bucket,
      'S1',
      'Only the functions of this stack read it, their logs record their reads, and it contains no credential, so access logs would add nothing. CloudTrail data events can be enabled if a policy requires them.',
    );
  }

  /** Permissions for a grant. */
  permissionsFor(grant: RecordsGrant): readonly Permission[] {
    switch (grant.may) {
      case 'list':
        return [this.#list()];
      case 'read':
        // Without `s3:ListBucket`, S3 answers "forbidden" for a missing record.
        return [this.#objects('s3:GetObject', grant.folder), this.#list(), this.#key.use('s3', 'kms:Decrypt')];
      case 'write':
        return [this.#objects('s3:PutObject', grant.folder), this.#key.use('s3', 'kms:GenerateDataKey')];
      case 'remove':
        return [this.#objects('s3:DeleteObject', grant.folder)];
    }
  }

  #list(): Permission {
    return { actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] };
  }

  #objects(action: string, folder: Folder): Permission {
    return {
      actions: [action],
      resources: [this.bucket.arnForObjects(`${folder}/*`)],
      pattern: 'The keys of records contain the names of runs and rules.',
    };
  }
}

import { Duration } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { KeyUse, RelayKey } from '#infra/constructs/relay-key.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { accept } from '#infra/nag.ts';

/**
 * `runs/` is what the steps of a run hand each other, and its report; `memory/` is what the next run has to know;
 * `checkouts/` is what checkouts are about and what others tell them; `open/` says which of them are not closed yet;
 * `named/` is which accounts messages named for a run.
 */
export type Folder = 'runs' | 'memory' | 'checkouts' | 'open' | 'named';

/** Long enough to answer "what happened last month"; the logs stay for as long as relay.yaml says. */
const RUNS_KEPT = Duration.days(30);

/** A checkout may last for a year. */
const CHECKOUTS_KEPT = Duration.days(400);

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
        { id: 'forget-runs', prefix: 'runs/', expiration: RUNS_KEPT },
        { id: 'forget-named', prefix: 'named/', expiration: RUNS_KEPT },
        { id: 'forget-checkouts', prefix: 'checkouts/', expiration: CHECKOUTS_KEPT },
        { id: 'drop-broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    accept(
      this.bucket,
      'S1',
      'Only the functions of this stack can read it, their logs say what they read, and it holds no credential; a second bucket of access logs would add nothing. CloudTrail data events can be switched on where a policy asks for them.',
    );
  }

  /** Lets a function read folders, and tells it where they are. */
  grantRead(fn: WorkflowFunction, ...folders: Folder[]): void {
    fn.allow({
      actions: ['s3:GetObject'],
      resources: this.#objects(folders),
      pattern: 'Records are named after runs and syncs.',
    });
    // Without it S3 says "forbidden" for a record that isn't there, and unknown would read as refused.
    fn.allow({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
    this.#grantUse(fn, 'kms:Decrypt');
  }

  /** Lets a function write folders, and tells it where they are. */
  grantWrite(fn: WorkflowFunction, ...folders: Folder[]): void {
    fn.allow({
      actions: ['s3:PutObject'],
      resources: this.#objects(folders),
      pattern: 'Records are named after runs and syncs.',
    });
    this.#grantUse(fn, 'kms:GenerateDataKey');
  }

  /** Lets a function see which records there are, and tells it where. */
  grantList(fn: WorkflowFunction): void {
    fn.allow({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
    fn.tell('RECORDS_BUCKET', this.bucket.bucketName);
  }

  /** Lets a function take records away. */
  grantRemove(fn: WorkflowFunction, ...folders: Folder[]): void {
    fn.allow({
      actions: ['s3:DeleteObject'],
      resources: this.#objects(folders),
      pattern: 'Records are named after runs and syncs.',
    });
  }

  #objects(folders: Folder[]): string[] {
    return folders.map((folder) => this.bucket.arnForObjects(`${folder}/*`));
  }

  #grantUse(fn: WorkflowFunction, use: KeyUse): void {
    this.#key.grantUse(fn, 's3', use);
    fn.tell('RECORDS_BUCKET', this.bucket.bucketName);
  }
}

import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { CheckoutWorkflow } from '#infra/constructs/checkout-workflow.ts';
import type { DeliveredSecrets } from '#infra/constructs/delivered-secrets.ts';
import type { RecordsBucket } from '#infra/constructs/records-bucket.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import type { SyncStep } from '#infra/constructs/sync-workflow.ts';
import type { VaultSecrets } from '#infra/constructs/vault-secrets.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';

export interface CheckoutsProps {
  /** The functions that checkouts share with syncs. */
  readonly shared: Readonly<Record<SyncStep, WorkflowFunction>>;
  readonly watch: WorkflowFunction;
  readonly retire: WorkflowFunction;
  readonly reap: WorkflowFunction;
  readonly vaultSecrets: VaultSecrets;
  readonly records: RecordsBucket;
  readonly delivered: DeliveredSecrets;
  readonly key: RelayKey;
  readonly logRetentionDays: RetentionDays;
}

/** The workflows of checkouts, and what each function may do for them; a relay without checkouts has none of it. */
export class Checkouts extends Construct {
  readonly workflows: CheckoutWorkflow;

  constructor(scope: Construct, id: string, props: CheckoutsProps) {
    super(scope, id);
    const { shared, watch, retire, reap, vaultSecrets, records, delivered, key, logRetentionDays } = props;
    this.workflows = new CheckoutWorkflow(this, 'Workflows', {
      functions: { ...shared, watch, retire },
      key,
      logRetentionDays,
    });
    vaultSecrets.grantSignIn(watch);
    for (const fn of [shared.plan, watch, shared.request, shared.retrieve, shared.checkin, retire, shared.report]) {
      records.grantRead(fn, 'checkouts');
    }
    records.grantWrite(shared.plan, 'checkouts', 'open');
    records.grantWrite(shared.retrieve, 'checkouts');
    records.grantWrite(shared.report, 'checkouts');
    records.grantRemove(shared.report, 'open');
    delivered.grantRetireCheckouts(retire);

    // What a run that died has left behind: reap sees which ones are open, whether they have ended, and releases them.
    records.grantList(reap);
    this.workflows.checkout.grantDescribeRuns(reap);
    this.workflows.release.grantStart(reap);
  }
}

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Permission } from '#shared/workflows/grants.ts';

type KeyUse = 'kms:Decrypt' | 'kms:GenerateDataKey';

/** The condition under which a key is only used through a service, on behalf of the caller. */
export const viaService = (scope: Construct, service: string) =>
  ({
    StringEquals: { 'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com` },
  }) satisfies PolicyStatementProps['conditions'];

/** The customer key that encrypts everything the relay keeps: records, tokens, alerts, logs, dead letters. */
export class RelayKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: `${Stack.of(scope).stackName}: what the relay keeps, and what it delivers`,
      enableKeyRotation: true,
      // Delivered secrets are encrypted with it and outlive the stack.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#allowLogs();
    this.#allowAlarms();
  }

  /** To use the key by way of one service, and not by calling KMS itself. */
  use(service: 's3' | 'secretsmanager' | 'sns' | 'sqs', ...actions: KeyUse[]): Permission {
    return { actions, resources: [this.keyArn], conditions: viaService(this, service) };
  }

  /** Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS". */
  #allowLogs(): void {
    const { partition, region, account } = Stack.of(this);
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        resources: ['*'],
        conditions: {
          ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` },
        },
      }),
    );
  }

  /** An alarm that may not use the key of its topic is lost without a trace. */
  #allowAlarms(): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Permission } from '#shared/workflows/grants.ts';

type KeyUse = 'kms:Decrypt' | 'kms:GenerateDataKey';

/** What a service tells KMS that it encrypts, such as `aws:sqs:arn`. */
type EncryptionContext = Readonly<Record<string, string>>;

/** The condition under which a key is only used through a service, on behalf of the caller, and for what the context says. */
export const viaService = (scope: Construct, service: string, context: EncryptionContext = {}) =>
  ({
    StringEquals: {
      'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com`,
      ...Object.fromEntries(Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value])),
    },
  }) satisfies PolicyStatementProps['conditions'];

/** The customer key that encrypts everything the relay keeps; `docs/threat-model.md` has a row for each thing. */
export class RelayKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: `${Stack.of(scope).stackName}: what the relay keeps, and what it delivers`,
      enableKeyRotation: true,
      // Delivered secrets are encrypted with it and outlive the stack.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#allowLogs();
    this.#allowLogDelivery();
    this.#allowAlarms();
  }

  /** To use the key by way of one service, and not by calling KMS itself. */
  use(service: 's3' | 'secretsmanager' | 'sns' | 'sqs', ...actions: KeyUse[]): Permission {
    return { actions, resources: [this.keyArn], conditions: viaService(this, service) };
  }

  /**
   * To see the input of the executions of a machine. To start or to list them takes no key.
   * Source: Step Functions developer guide, "Data at rest encryption", the table of permissions of API callers.
   */
  readRuns(machineArn: string): Permission {
    return {
      actions: ['kms:Decrypt'],
      resources: [this.keyArn],
      conditions: viaService(this, 'states', { 'aws:states:stateMachineArn': machineArn }),
    };
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

  /**
   * Step Functions hands the log of a machine to the delivery service encrypted. Source: Step Functions developer guide,
   * "Data at rest encryption"; the context is the one under which the role of the machine made the data key.
   */
  #allowLogDelivery(): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('delivery.logs.amazonaws.com')],
        actions: ['kms:Decrypt'],
        resources: ['*'],
        conditions: { StringEquals: { 'kms:EncryptionContext:SourceArn': logSource(this) } },
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

/** What log delivery calls the origin of all logs of this account; the asterisk is part of its name. */
export const logSource = (scope: Construct): string => {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:logs:${region}:${account}:*`;
};

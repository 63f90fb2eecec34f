import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Permission } from '#shared/workflows/grants.ts';

type KeyUse = 'kms:Decrypt' | 'kms:GenerateDataKey';

/** The encryption context that a service passes to KMS, such as `aws:sqs:arn`. */
type EncryptionContext = Readonly<Record<string, string>>;

/**
 * Condition that limits the use of a key to calls through a service, on behalf of the caller, with this encryption
 * context.
 */
export const viaService = (scope: Construct, service: string, context: EncryptionContext = {}) =>
  ({
    StringEquals: {
      'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com`,
      ...Object.fromEntries(Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value])),
    },
  }) satisfies PolicyStatementProps['conditions'];

/** The customer managed key that encrypts all data at rest. `docs/threat-model.md` lists the data. */
export class RelayKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: `${Stack.of(scope).stackName}: data of the relay and delivered secrets`,
      enableKeyRotation: true,
      // Delivered secrets are encrypted with it and outlive the stack.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#allowLogs();
    this.#allowLogDelivery();
    this.#allowAlarms();
  }

  /** Permission to use the key through one service, but not with direct calls to KMS. */
  use(service: 's3' | 'secretsmanager' | 'sns' | 'sqs', ...actions: KeyUse[]): Permission {
    return { actions, resources: [this.keyArn], conditions: viaService(this, service) };
  }

  /**
   * Permission to read the input of a machine's executions. Starting and listing them does not require the key. Source:
   * Step Functions developer guide, "Data at rest encryption", the table of permissions of API callers.
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
   * Step Functions passes the log of a machine to the delivery service in encrypted form. Source: Step Functions
   * developer guide, "Data at rest encryption". The context is the one with which the machine's role created the data
   * key.
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

  /** An alarm without access to its topic's key is lost silently. */
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

/** The source of all logs of this account in an encryption context. The asterisk is literal. */
export const logSource = (scope: Construct): string => {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:logs:${region}:${account}:*`;
};

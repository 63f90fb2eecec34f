import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { type KeyUse, viaService } from '#infra/constructs/relay-key.ts';
import { secretsBeginning } from '#infra/constructs/secret-arns.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { OWNER_TAG } from '#shared/names.ts';

const NAMES_FROM_VAULT =
  'The accounts in the vault name these secrets; the fixed part of the name in relay.yaml limits them.';

export interface DeliveredSecretsProps {
  readonly config: RelayConfig;
  readonly relayId: string;
  readonly key: IKey;
}

/**
 * What the relay may do to the secrets that it delivers: only under the fixed beginnings of the names in relay.yaml,
 * and it changes only what carries its own tag. So even a defect in the relay can't overwrite somebody else's secret.
 */
export class DeliveredSecrets extends Construct {
  readonly #arns: readonly string[];
  readonly #syncArns: readonly string[];
  readonly #checkoutArns: readonly string[];
  readonly #keyArns: readonly string[];
  readonly #key: IKey;
  readonly #owners: string;

  constructor(scope: Construct, id: string, { config, relayId, key }: DeliveredSecretsProps) {
    super(scope, id);
    this.#key = key;
    this.#owners = `${relayId}/*`;
    // The loader refuses a name without a fixed folder, and entries whose folders overlap.
    const beginnings = (entries: Readonly<Record<string, { readonly name: string }>>) =>
      Object.values(entries).map(({ name }) => secretsBeginning(this, staticPrefix(name)));
    this.#checkoutArns = beginnings(config.checkouts);
    this.#syncArns = beginnings(config.syncs);
    this.#arns = [...this.#syncArns, ...this.#checkoutArns];
    const ownKeys = Object.values(config.stores).flatMap(({ kmsKeyArn }) => kmsKeyArn ?? []);
    this.#keyArns = [...new Set([key.keyArn, ...ownKeys])];
  }

  /** Lets a function list secrets, which AWS allows for all of them or none; it shows no value. */
  grantList(fn: WorkflowFunction): void {
    fn.allow({
      actions: ['secretsmanager:ListSecrets'],
      resources: ['*'],
      pattern: 'ListSecrets can not be limited to a resource. It shows names, tags and version ids, never a value.',
    });
  }

  /** Lets a function look names of syncs up without reading a value. Also foreign ones: it has to see that they are. */
  grantInspect(fn: WorkflowFunction): void {
    this.#grantInspect(fn, this.#syncArns);
  }

  /** Lets a function delete what checkouts delivered, and nothing else; it reads none of it. */
  grantRetireCheckouts(fn: WorkflowFunction): void {
    this.#grantInspect(fn, this.#checkoutArns);
    fn.allow({
      actions: ['secretsmanager:DeleteSecret'],
      resources: [...this.#checkoutArns],
      conditions: { StringLike: { [`aws:ResourceTag/${OWNER_TAG}`]: this.#owners } },
      pattern: NAMES_FROM_VAULT,
    });
  }

  #grantInspect(fn: WorkflowFunction, arns: readonly string[]): void {
    if (arns.length === 0) return;
    fn.allow({ actions: ['secretsmanager:DescribeSecret'], resources: [...arns], pattern: NAMES_FROM_VAULT });
  }

  /** Lets a function read values of ours, to compare them. */
  grantCompare(fn: WorkflowFunction): void {
    fn.allow({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [...this.#arns],
      conditions: { StringLike: { [`aws:ResourceTag/${OWNER_TAG}`]: this.#owners } },
      pattern: NAMES_FROM_VAULT,
    });
    this.#grantKeys(fn, ['kms:Decrypt']);
  }

  /** Lets a function deliver and retire. */
  grantDeliver(fn: WorkflowFunction): void {
    const ours = { [`aws:ResourceTag/${OWNER_TAG}`]: this.#owners };
    const asOurs = {
      StringLike: { [`aws:RequestTag/${OWNER_TAG}`]: this.#owners },
      // No other tag: one could open the secret to whoever is let in by tags.
      'ForAllValues:StringEquals': { 'aws:TagKeys': [OWNER_TAG] },
    };
    const resources = [...this.#arns];
    this.#grantInspect(fn, this.#arns);
    this.grantCompare(fn);
    fn.allow({
      actions: ['secretsmanager:CreateSecret'],
      resources,
      conditions: asOurs,
      pattern: NAMES_FROM_VAULT,
    });
    fn.allow({
      // CreateSecret needs it for the tag that it sets. A secret that another relay owns stays out of reach; for one
      // that nobody has tagged, AWS has no condition that tells a creation from a tagging.
      actions: ['secretsmanager:TagResource'],
      resources,
      conditions: { ...asOurs, StringLikeIfExists: ours },
      pattern: NAMES_FROM_VAULT,
    });
    fn.allow({
      actions: [
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
        'secretsmanager:RestoreSecret',
        'secretsmanager:DeleteSecret',
      ],
      resources,
      conditions: { StringLike: ours },
      pattern: NAMES_FROM_VAULT,
    });
    this.#grantKeys(fn, ['kms:GenerateDataKey']);
    fn.tell('STORE_KMS_KEY_ARN', this.#key.keyArn);
  }

  #grantKeys(fn: WorkflowFunction, actions: KeyUse[]): void {
    fn.allow({ actions, resources: [...this.#keyArns], conditions: viaService(this, 'secretsmanager') });
  }
}

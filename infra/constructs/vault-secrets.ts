import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { secretNamed } from '#infra/constructs/secret-arns.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { accept } from '#infra/nag.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { tokenSecretName } from '#shared/names.ts';

export interface VaultSecretsProps {
  readonly relay: string;
  readonly connections: RelayConfig['connections'];
  readonly key: RelayKey;
}

/**
 * What signing in to the vaults needs: bootstrap secrets and client certificates, which an operator makes, and a token cache for each OAuth
 * connection, which is made here, empty, and filled by `authenticate`.
 */
export class VaultSecrets extends Construct {
  readonly #key: RelayKey;
  /** Of what operators made: bootstrap secrets and client certificates. */
  readonly #operatorArns: readonly string[];
  readonly #tokenArns: readonly string[];

  constructor(scope: Construct, id: string, { relay, connections, key }: VaultSecretsProps) {
    super(scope, id);
    this.#key = key;
    const entries = Object.entries(connections);
    const named = entries.flatMap(([, { authentication }]) => [
      authentication.bootstrapSecret,
      ...(authentication.clientCertificate === undefined ? [] : [authentication.clientCertificate.secret]),
    ]);
    this.#operatorArns = [...new Set(named)].map((name) => secretNamed(this, name));
    this.#tokenArns = entries
      .filter(([, { authentication }]) => authentication.type === 'oauth')
      .map(([connection]) => this.#tokenCache(relay, connection).ref);
  }

  /**
   * Lets a function sign in: read what operators made and the cached tokens, and put a fresh token into the cache, since
   * any of them may find that the cached one has run out or was refused.
   */
  grantSignIn(fn: WorkflowFunction): void {
    fn.allow({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [...this.#operatorArns, ...this.#tokenArns],
      pattern: 'The last six characters of the ARN of a secret are not known before it is made.',
    });
    this.#key.grantUse(fn, 'secretsmanager', 'kms:Decrypt', 'kms:GenerateDataKey');
    if (this.#tokenArns.length === 0) return;
    fn.allow({
      actions: [
        'secretsmanager:DescribeSecret',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      resources: [...this.#tokenArns],
    });
  }

  #tokenCache(relay: string, connection: string): CfnSecret {
    const cache = new CfnSecret(this, `Token-${connection}`, {
      name: tokenSecretName(relay, connection),
      description: `OAuth access token of the relay's connection ${connection}; renewed by itself.`,
      kmsKeyId: this.#key.keyArn,
    });
    cache.applyRemovalPolicy(RemovalPolicy.DESTROY);
    accept(cache, 'SMG4', 'A cached token lives for minutes and is renewed by authenticate, not by a rotation.');
    return cache;
  }
}

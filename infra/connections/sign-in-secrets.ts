import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { secretNamed } from '#infra/constructs/secret-arns.ts';
import { accept } from '#infra/nag.ts';
import { connectionTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { operatorSecretsOf } from '#shared/connections/operator-secrets.ts';
import { tokenSecretName } from '#shared/names.ts';
import type { Permission } from '#shared/workflows/grants.ts';
import { signInPermissions } from '#shared/workflows/permissions.ts';

export interface SignInSecretsProps {
  readonly config: Pick<RelayConfig, 'relay' | 'connections'>;
  readonly types: RegisteredTypes;
  readonly key: RelayKey;
}

/**
 * The secrets for signing in to the connections: those that an operator creates, as each type of connection names them,
 * and a cache for each token that functions share. The stack creates the caches empty. The function that signs in first
 * fills them.
 */
export class SignInSecrets extends Construct {
  readonly #key: RelayKey;
  readonly #operatorArns: readonly string[];
  readonly #tokenArns: readonly string[];

  constructor(scope: Construct, id: string, { config, types, key }: SignInSecretsProps) {
    super(scope, id);
    this.#key = key;
    const entries = Object.entries(config.connections).map(([name, settings]) => ({
      name,
      settings,
      type: connectionTypeOf(types, settings),
    }));
    const named = entries.flatMap(({ type, settings }) =>
      operatorSecretsOf(type, settings).map(({ secret }) => secret),
    );
    this.#operatorArns = [...new Set(named)].map((secret) => secretNamed(this, secret));
    this.#tokenArns = entries
      .filter(({ type, settings }) => type.sharesToken(settings))
      .map(({ name }) => this.#tokenCache(config.relay, name).ref);
  }

  /** Permissions to read the operators' secrets and to read and renew the cached tokens. */
  permissions(): readonly Permission[] {
    return signInPermissions(this.#operatorArns, this.#tokenArns);
  }

  /** Permission to use the key for these secrets, if there are any. */
  keyUse(): readonly Permission[] {
    return this.permissions().length === 0
      ? []
      : [this.#key.use('secretsmanager', 'kms:Decrypt', 'kms:GenerateDataKey')];
  }

  #tokenCache(relay: string, connection: string): CfnSecret {
    const cache = new CfnSecret(this, `Token-${connection}`, {
      name: tokenSecretName(relay, connection),
      description: `Access token of the relay's connection ${connection}, renewed automatically.`,
      kmsKeyId: this.#key.keyArn,
    });
    cache.applyRemovalPolicy(RemovalPolicy.DESTROY);
    accept(cache, 'SMG4', 'A cached token is valid for minutes. The functions renew it, not a rotation.');
    return cache;
  }
}

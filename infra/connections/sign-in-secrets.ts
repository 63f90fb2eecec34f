import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { secretNamed } from '#infra/constructs/secret-arns.ts';
import { accept } from '#infra/nag.ts';
import { type ConnectionUse, connectionsFor } from '#shared/config/connection-uses.ts';
import { connectionTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { operatorSecretsOf } from '#shared/connections/operator-secrets.ts';
import { tokenSecretName } from '#shared/names.ts';
import type { Permission } from '#shared/workflows/grants.ts';
import { signInPermissions } from '#shared/workflows/permissions.ts';

export interface SignInSecretsProps {
  readonly config: Pick<
    RelayConfig,
    | 'relay'
    | 'connections'
    | 'syncs'
    | 'checkouts'
    | 'provisioning'
    | 'rotations'
    | 'oldCheckouts'
    | 'exports'
    | 'directories'
  >;
  readonly types: RegisteredTypes;
  readonly key: RelayKey;
}

/** ARNs of the secrets of one connection. */
interface ConnectionSecrets {
  readonly connection: string;
  readonly operatorArns: readonly string[];
  readonly tokenArn: string | undefined;
}

/**
 * The secrets for signing in to the connections: those that an operator creates, as each type of connection names them,
 * and a cache for each token that functions share. The stack creates the caches empty. The function that signs in first
 * fills them.
 */
export class SignInSecrets extends Construct {
  readonly #key: RelayKey;
  readonly #secrets: readonly ConnectionSecrets[];
  readonly #config: SignInSecretsProps['config'];
  readonly #types: RegisteredTypes;

  constructor(scope: Construct, id: string, { config, types, key }: SignInSecretsProps) {
    super(scope, id);
    this.#key = key;
    this.#config = config;
    this.#types = types;
    this.#secrets = Object.entries(config.connections).map(([connection, settings]) => {
      const type = connectionTypeOf(types, settings);
      return {
        connection,
        operatorArns: operatorSecretsOf(type, settings).map(({ secret }) => secretNamed(this, secret)),
        tokenArn: type.sharesToken(settings) ? this.#tokenCache(config.relay, connection).ref : undefined,
      };
    });
  }

  /** Permissions to read the operators' secrets and to read and renew the cached tokens, for one use of connections. */
  permissions(use: ConnectionUse): readonly Permission[] {
    const names = connectionsFor(this.#config, this.#types, use);
    const used = this.#secrets.filter(({ connection }) => names.includes(connection));
    return signInPermissions(
      [...new Set(used.flatMap(({ operatorArns }) => operatorArns))],
      used.flatMap(({ tokenArn }) => tokenArn ?? []),
    );
  }

  /** Permission to use the key for these secrets, if there are any. */
  keyUse(use: ConnectionUse): readonly Permission[] {
    return this.permissions(use).length === 0
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

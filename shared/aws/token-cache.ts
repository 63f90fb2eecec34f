import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type CachedToken, parseToken, refreshTime, serializeToken } from '#shared/aws/cached-token.ts';
import { callSecretsManager, foundWrong, isRefusal } from '#shared/aws/secrets-manager-errors.ts';
import type { Secret } from '#shared/secret.ts';

const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';
const PROMOTION_ATTEMPTS = 3;
/** A token that a vault lets live for longer is renewed all the same, so that nobody goes on with it for ever. */
const MAX_LIFETIME_SECONDS = 86_400;

interface FetchedToken {
  readonly accessToken: Secret;
  /** As the token endpoint says it, counted from its answer. */
  readonly expiresInSeconds: number;
}

/** Where tokens come from. */
export interface TokenSource {
  /** Asks the token endpoint. SRA lets 30 tokens live and kills the oldest, so we ask as rarely as we can. */
  readonly fetchToken: () => Promise<FetchedToken>;
  /** The version of the bootstrap secret that a token would be fetched with now. */
  readonly bootstrapVersion: () => Promise<string>;
}

export interface TokenCacheOptions extends TokenSource {
  readonly client: SecretsManagerClient;
  /** Name or ARN of the cache's secret, which the stack makes. */
  readonly secretId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to 1, as Math.random. */
  readonly random: () => number;
  /** A fresh version id: 32 to 64 characters. */
  readonly newRequestToken: () => string;
}

/** The OAuth token that all functions share. Every call raises a RelayError. */
export interface TokenCache {
  /**
   * Sees to it that the cache holds a token that is good for a while and was made with the current bootstrap secret.
   * Always looks at the store. Repeatable.
   */
  ensure(): Promise<{ readonly expiresAt: string }>;
  /**
   * A token that is good for a while. Always reads the store, once, because what this process may remember could have
   * been replaced along with the client secret; refreshes what is missing or near its end. Repeatable.
   */
  get(): Promise<Secret>;
  /** Replaces a token that the vault refused, for everybody, unless somebody has already. Repeatable. */
  drop(token: Secret): Promise<void>;
}

/** The cache as it was read: which version is current, and its token where it holds a readable one. */
interface Reading {
  readonly versionId: string | undefined;
  readonly token: CachedToken | undefined;
}

/**
 * A token cache in one Secrets Manager secret. Refreshing is staged: put under AWSPENDING, then promoted with the
 * version that was read as the fence. Of two processes that refresh at once one loses, and uses the winner's token.
 */
export const createTokenCache = (options: TokenCacheOptions): TokenCache => {
  const { client, secretId, now } = options;
  let refreshing: Promise<CachedToken> | undefined;

  const ensure = async (): Promise<{ expiresAt: string }> => {
    const [reading, bootstrapVersion] = await Promise.all([read(), options.bootstrapVersion()]);
    const isCurrent = reading.token?.bootstrapVersion === bootstrapVersion;
    const token = isCurrent && isGood(reading.token) ? reading.token : await refreshOnce(reading, bootstrapVersion);
    return { expiresAt: new Date(token.expiresAt).toISOString() };
  };

  const get = async (): Promise<Secret> => {
    const reading = await read();
    return (isGood(reading.token) ? reading.token : await refreshOnce(reading)).accessToken;
  };

  const drop = async (token: Secret): Promise<void> => {
    const reading = await read();
    if (reading.token?.accessToken.equals(token)) await refreshOnce(reading);
  };

  const isGood = (token: CachedToken | undefined): token is CachedToken =>
    token !== undefined && now() < refreshTime(token, options.random());

  const refreshOnce = (reading: Reading, bootstrapVersion?: string): Promise<CachedToken> => {
    refreshing ??= refresh(reading, bootstrapVersion).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };

  const refresh = async (reading: Reading, knownBootstrapVersion?: string): Promise<CachedToken> => {
    if (reading.versionId === undefined) await checkSecretExists();
    const bootstrapVersion = knownBootstrapVersion ?? (await options.bootstrapVersion());
    // Counted from before the call, so that we never take it for good longer than the vault does.
    const issuedAt = now();
    const { accessToken, expiresInSeconds } = await options.fetchToken();
    const lifetimeMs = Math.min(expiresInSeconds, MAX_LIFETIME_SECONDS) * 1000;
    return publish({ accessToken, issuedAt, expiresAt: issuedAt + lifetimeMs, bootstrapVersion }, reading.versionId);
  };

  /** Publishes our token in the cache, or returns the token of a faster process. */
  const publish = async (made: CachedToken, replaces: string | undefined): Promise<CachedToken> => {
    const versionId = options.newRequestToken();
    const staged = await stage(versionId, made);
    if (staged !== 'pending') return made;
    let fence = replaces;
    for (let attempt = 0; attempt < PROMOTION_ATTEMPTS; attempt += 1) {
      if (await promote(versionId, fence)) return made;
      const winner = await read();
      if (winner.token?.bootstrapVersion === made.bootstrapVersion && isGood(winner.token)) return winner.token;
      fence = winner.versionId;
    }
    // Our token is valid, although it is not shared.
    return made;
  };

  const read = async (): Promise<Reading> => {
    try {
      const answer = await call('GetSecretValue', client.send(new GetSecretValueCommand({ SecretId: secretId })));
      return { versionId: answer.VersionId, token: parseToken(answer.SecretString) };
    } catch (error) {
      // A secret without a value reads like one that is not there.
      if (isRefusal(error, 'ResourceNotFoundException')) return { versionId: undefined, token: undefined };
      throw error;
    }
  };

  const checkSecretExists = async (): Promise<void> => {
    try {
      await call('DescribeSecret', client.send(new DescribeSecretCommand({ SecretId: secretId })));
    } catch (error) {
      if (!isRefusal(error, 'ResourceNotFoundException')) throw error;
      throw foundWrong('noTokenCache', { secret: secretId });
    }
  };

  /**
   * Puts a token under AWSPENDING. AWS makes a first version the current one by itself; and it keeps each version for a
   * day, so that short-lived tokens can use up its quota of versions: then this token serves this process alone.
   */
  const stage = async (versionId: string, token: CachedToken): Promise<'pending' | 'current' | 'unshared'> => {
    const command = new PutSecretValueCommand({
      SecretId: secretId,
      ClientRequestToken: versionId,
      SecretString: serializeToken(token),
      VersionStages: [PENDING],
    });
    try {
      const { VersionStages } = await call('PutSecretValue', client.send(command));
      return VersionStages?.includes(CURRENT) ? 'current' : 'pending';
    } catch (error) {
      if (isRefusal(error, 'LimitExceededException')) return 'unshared';
      throw error;
    }
  };

  const promote = async (versionId: string, replaces: string | undefined): Promise<boolean> => {
    const command = new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: CURRENT,
      MoveToVersionId: versionId,
      ...(replaces !== undefined && { RemoveFromVersionId: replaces }),
    });
    try {
      await call('UpdateSecretVersionStage', client.send(command));
      return true;
    } catch (error) {
      if (isRefusal(error, 'InvalidParameterException', 'InvalidRequestException')) return false;
      throw error;
    }
  };

  const call = <Answer extends { ARN?: string | undefined }>(
    action: string,
    answer: Promise<Answer>,
  ): Promise<Answer> => callSecretsManager({ action, secret: secretId }, answer);

  return { ensure, get, drop };
};

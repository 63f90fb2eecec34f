import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type CachedToken, parseToken, refreshTime, serializeToken } from '#shared/aws/cached-token.ts';
import { callSecretsManager, isRefusal, storeProblem } from '#shared/aws/secrets-manager-errors.ts';
import type { Renewals } from '#shared/limits/renewals.ts';
import type { Secret } from '#shared/secret.ts';

const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';
const PROMOTION_ATTEMPTS = 3;
/** Longer-lived tokens are renewed as well, so that no token is used indefinitely. */
const MAX_LIFETIME_SECONDS = 86_400;

interface FetchedToken {
  readonly accessToken: Secret;
  /** Lifetime according to the token endpoint, counted from its answer. */
  readonly expiresInSeconds: number;
}

/** Source of tokens. */
export interface TokenSource {
  /** Calls the token endpoint. Vaults limit the live tokens of a client, so calls must be rare. */
  readonly fetchToken: () => Promise<FetchedToken>;
  /** Version of the bootstrap secret with which a token would be fetched now. */
  readonly bootstrapVersion: () => Promise<string>;
}

export interface TokenCacheOptions extends TokenSource {
  readonly client: SecretsManagerClient;
  /** Name or ARN of the cache's secret, which the stack creates. */
  readonly secretId: string;
  /** Makes one function renew for all. Without it, each process renews for itself. */
  readonly renewals?: Renewals | undefined;
  /** In epoch milliseconds. */
  readonly now: () => number;
  /** From 0 inclusive to 1 exclusive, like `Math.random`. */
  readonly random: () => number;
  /** Generates a version id of 32 to 64 characters. */
  readonly newRequestToken: () => string;
}

/** The OAuth token that all functions share. All errors are RelayErrors. */
export interface TokenCache {
  /**
   * Ensures that the cache holds a token that is not due for a refresh and was fetched with the current bootstrap
   * secret. Always reads the store. Repeatable.
   */
  ensure(): Promise<{ readonly expiresAt: string }>;
  /**
   * Returns a token that is not due for a refresh. Always reads the store, once, because a token in memory may have
   * been replaced together with the client secret. Refreshes a token that is missing or due. Repeatable.
   */
  get(): Promise<Secret>;
  /** Replaces a token that the vault refused, for all functions, unless it has already been replaced. Repeatable. */
  drop(token: Secret): Promise<void>;
}

/** Content of the cache: its current version, and its token if it is readable. */
interface Reading {
  readonly versionId: string | undefined;
  readonly token: CachedToken | undefined;
}

/**
 * A token cache in one Secrets Manager secret. One function renews, and the others wait for its token. A new token is
 * put under AWSPENDING and then promoted, with the version that was read as the fence. If two processes refresh at once
 * all the same, the slower one uses the token of the faster. A token that the store did not take serves this process.
 */
export const createTokenCache = (options: TokenCacheOptions): TokenCache => {
  const { client, secretId, renewals, now } = options;
  let refreshing: Promise<CachedToken> | undefined;
  let unshared: CachedToken | undefined;

  const ensure = async (): Promise<{ expiresAt: string }> => {
    const [reading, bootstrapVersion] = await Promise.all([read(), options.bootstrapVersion()]);
    const isCurrent = (known: CachedToken) => known.bootstrapVersion === bootstrapVersion;
    const token = await goodOr(reading, isCurrent, bootstrapVersion);
    return { expiresAt: new Date(token.expiresAt).toISOString() };
  };

  const get = async (): Promise<Secret> => (await goodOr(await read(), () => true)).accessToken;

  const drop = async (token: Secret): Promise<void> => {
    await goodOr(await read(), ({ accessToken }) => !accessToken.equals(token));
  };

  const isGood = (token: CachedToken | undefined): token is CachedToken =>
    token !== undefined && now() < refreshTime(token, options.random());

  type IsWanted = (token: CachedToken) => boolean;
  const wantedIn = ({ token: shared }: Reading, isWanted: IsWanted): CachedToken | undefined => {
    const isNewer = unshared !== undefined && unshared.issuedAt >= (shared?.issuedAt ?? 0);
    const token = isNewer ? unshared : shared;
    return isGood(token) && isWanted(token) ? token : undefined;
  };

  const goodOr = async (reading: Reading, isWanted: IsWanted, bootstrapVersion?: string): Promise<CachedToken> =>
    wantedIn(reading, isWanted) ?? refreshOnce(reading, isWanted, bootstrapVersion);

  const refreshOnce = (reading: Reading, isWanted: IsWanted, bootstrapVersion?: string): Promise<CachedToken> => {
    refreshing ??= refreshAlone(reading, isWanted, bootstrapVersion).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };

  const refreshAlone = async (before: Reading, isWanted: IsWanted, known?: string): Promise<CachedToken> => {
    if (before.versionId === undefined) await checkSecretExists();
    const version = known ?? (await options.bootstrapVersion());
    if (renewals === undefined) return refresh(before, version);
    let reading = before;
    return renewals.once({
      version,
      existing: async () => {
        reading = await read();
        return wantedIn(reading, isWanted);
      },
      renew: () => refresh(reading, version),
    });
  };

  const refresh = async (reading: Reading, bootstrapVersion: string): Promise<CachedToken> => {
    // Counted from before the call, so that the cache never considers a token valid for longer than the vault does.
    const issuedAt = now();
    const { accessToken, expiresInSeconds } = await options.fetchToken();
    const lifetimeMs = Math.min(expiresInSeconds, MAX_LIFETIME_SECONDS) * 1000;
    return publish({ accessToken, issuedAt, expiresAt: issuedAt + lifetimeMs, bootstrapVersion }, reading.versionId);
  };

  /** Publishes a new token, or returns the token of a faster process. */
  const publish = async (fetched: CachedToken, replaces: string | undefined): Promise<CachedToken> => {
    const versionId = options.newRequestToken();
    const staged = await stage(versionId, fetched);
    if (staged === 'current') return fetched;
    let fence = replaces;
    for (let attempt = 0; attempt < PROMOTION_ATTEMPTS && staged === 'pending'; attempt += 1) {
      if (await promote(versionId, fence)) return fetched;
      const winner = await read();
      if (winner.token?.bootstrapVersion === fetched.bootstrapVersion && isGood(winner.token)) return winner.token;
      fence = winner.versionId;
    }
    // The token is valid, although it is not shared.
    unshared = fetched;
    return fetched;
  };

  const read = async (): Promise<Reading> => {
    try {
      const answer = await call('GetSecretValue', client.send(new GetSecretValueCommand({ SecretId: secretId })));
      return { versionId: answer.VersionId, token: parseToken(answer.SecretString) };
    } catch (error) {
      // AWS raises the same error for a missing secret and for a secret without a value.
      if (isRefusal(error, 'ResourceNotFoundException')) return { versionId: undefined, token: undefined };
      throw error;
    }
  };

  const checkSecretExists = async (): Promise<void> => {
    try {
      await call('DescribeSecret', client.send(new DescribeSecretCommand({ SecretId: secretId })));
    } catch (error) {
      if (!isRefusal(error, 'ResourceNotFoundException')) throw error;
      throw storeProblem('noTokenCache', { secret: secretId });
    }
  };

  /**
   * Stages a token under AWSPENDING. AWS itself makes a first version the current one. AWS keeps each version for a
   * day, so short-lived tokens can exhaust its quota of versions. In that case only this process uses the token.
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

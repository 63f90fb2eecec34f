import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { awsClientConfig } from '#shared/aws/client.ts';
import { secretsManager } from '#shared/aws/secrets-manager.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { type AwsSecretsManagerSettings, accountOfRole } from '#shared/stores/aws-secrets-manager/settings.ts';

/** Account and region of a store, and the client that reaches them. */

/** Settings on which the account and region depend. */
export type PlaceSettings = Pick<AwsSecretsManagerSettings, 'roleArn' | 'externalId' | 'region'>;

/** AWS accepts no shorter session. The functions end earlier, or get new credentials. */
const SESSION_SECONDS = 900;

/**
 * Identifies the account and region in which an entry delivers; undefined for those of the stack. AWS counts its quotas
 * for each of them.
 */
export const placeOf = ({ roleArn, region }: PlaceSettings): string | undefined =>
  roleArn === undefined && region === undefined
    ? undefined
    : `${roleArn === undefined ? 'stack' : accountOfRole(roleArn)}.${region ?? 'stack'}`;

/** Clients share their connections and their temporary credentials with later stores of the same place. */
const clients = new Map<string, SecretsManagerClient>();
const credentials = new Map<string, AwsCredentialIdentityProvider>();

/**
 * Name of the session of an assumed role, which CloudTrail shows. STS accepts 64 characters: the longest relay id has
 * 59, and the mark of a function three. Source: STS API reference, AssumeRole, `RoleSessionName`.
 */
export const sessionName = (session: string, relayId: string): string => `${session}.${relayId}`;

/** Returns the client of a place for the functions of a relay whose sessions have this mark. */
export const clientAt = (settings: PlaceSettings, relayId: string, session: string): SecretsManagerClient => {
  const base = secretsManager();
  const { roleArn, externalId, region } = settings;
  if (roleArn === undefined && region === undefined) return base;
  const key = JSON.stringify([roleArn, externalId, region, relayId, session]);
  const known =
    clients.get(key) ??
    new SecretsManagerClient({
      requestHandler: base.config.requestHandler,
      region: region ?? base.config.region,
      credentials:
        roleArn === undefined
          ? base.config.credentials
          : credentialsOf(base, { roleArn, externalId, relayId, session }),
    });
  clients.set(key, known);
  return known;
};

interface AssumedBy {
  readonly roleArn: string;
  readonly externalId: string | undefined;
  readonly relayId: string;
  readonly session: string;
}

const credentialsOf = (base: SecretsManagerClient, by: AssumedBy): AwsCredentialIdentityProvider => {
  const key = JSON.stringify(by);
  const known = credentials.get(key) ?? keepUntilExpiry(assumedRole(base, by));
  credentials.set(key, known);
  return known;
};

/**
 * Credentials of a role, by the credentials of the function itself. The SDK loads its STS client only on the first use.
 * It is called in the region of the stack: regional endpoints answer for every region, and a VPC has one only there.
 */
const assumedRole = (
  base: SecretsManagerClient,
  { roleArn, externalId, relayId, session }: AssumedBy,
): AwsCredentialIdentityProvider => {
  let provider: AwsCredentialIdentityProvider | undefined;
  return async (properties) => {
    try {
      if (provider === undefined) {
        const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
        provider = fromTemporaryCredentials({
          masterCredentials: base.config.credentials,
          params: {
            RoleArn: roleArn,
            RoleSessionName: sessionName(session, relayId),
            DurationSeconds: SESSION_SECONDS,
            ...(externalId !== undefined && { ExternalId: externalId }),
          },
          clientConfig: { ...awsClientConfig(), region: await base.config.region() },
        });
      }
      return await provider(properties);
    } catch (thrown) {
      throw notAssumed(roleArn, relayId, thrown);
    }
  };
};

/** Renewed before its end, because a call can wait for its turn after it was signed. */
const RENEWED_BEFORE_MS = 120_000;

/** The credentials of one role serve all clients of the process. */
const keepUntilExpiry = (provider: AwsCredentialIdentityProvider): AwsCredentialIdentityProvider => {
  let current: ReturnType<AwsCredentialIdentityProvider> | undefined;
  return async (properties) => {
    const kept = await current?.catch(() => undefined);
    const endsAtMs = kept?.expiration?.getTime() ?? 0;
    if (kept !== undefined && endsAtMs > Date.now() + RENEWED_BEFORE_MS) return kept;
    current = provider(properties);
    return current;
  };
};

const REFUSED = new Set(['AccessDenied', 'AccessDeniedException', 'ValidationError', 'RegionDisabledException']);

/** The error of a role that could not be assumed. It names the setting of the external id, never its value. */
const notAssumed = (roleArn: string, relayId: string, cause: unknown): RelayError => {
  const code = cause instanceof Error ? cause.name : 'unknown';
  const [relay = '', account = ''] = relayId.split('.');
  if (!REFUSED.has(code)) {
    const isOfAws = cause instanceof Error && ('$metadata' in cause || cause.name === 'CredentialsProviderError');
    return isOfAws
      ? new RelayError(
          'StoreUnavailable',
          `STS: AssumeRole of ${roleArn} failed (${code}). The call is retried. In a VPC without a way out, add an interface endpoint for com.amazonaws.REGION.sts.`,
          { cause },
        )
      : asRelayError(cause, `AssumeRole of ${roleArn}`);
  }
  return new RelayError(
    'StoreDenied',
    `STS: AssumeRole of ${roleArn} was refused (${code}). Check that the role exists, that it trusts ${trustedRoles(relay, account)}, and that it requires the externalId of the store in relay.yaml. This prints a template that creates or corrects the role: pam-relay role --account ${account} > role.json`,
    { cause },
  );
};

/** CloudFormation shortens the name of the stack to this length in the names that it generates for roles. */
const MAX_STACK_IN_ROLE = 24;

/** ARN pattern of the roles of a relay's functions. CloudFormation generates their names from that of the stack. */
export const trustedRoles = (relay: string, account: string, partition = 'aws'): string =>
  `arn:${partition}:iam::${account}:role/${relay.slice(0, MAX_STACK_IN_ROLE)}-*`;

import type { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { awsClientConfig } from '#shared/aws/client.ts';
import { tokenNotAnswered, toWebIdentityError } from '#shared/aws/web-identity-errors.ts';
import { Secret } from '#shared/secret.ts';
import type { Permission } from '#shared/workflows/grants.ts';

/**
 * Proofs of the identity of this function's role, for systems outside of AWS that trust the issuer of the account. A
 * proof is exchanged for a token of the remote system; no remote system needs a stored key.
 */
export interface WebIdentityTokens {
  /**
   * Returns a signed JSON Web Token for one audience, valid for at least another minute. Repeatable; concurrent callers
   * share one call to AWS. Raises `FederationDisabled`, `StoreDenied`, `StoreRejected` and `StoreUnavailable`.
   */
  tokenFor(audience: string): Promise<Secret<string>>;
}

export interface WebIdentityOptions {
  /** Called for each call to AWS. */
  readonly onCall: () => void;
  /** Wall clock in epoch milliseconds. */
  readonly now: () => number;
  /** The region's client if left out. AWS issues these tokens only in a region, never at the global endpoint. */
  readonly client?: Pick<STSClient, 'send'>;
}

/**
 * The default of AWS, in seconds. A token is exchanged soon after its issue, so a stolen one should not last longer. A
 * longer one could also exceed the rest of the session of the role, which AWS refuses.
 */
const DURATION_SECONDS = 300;

/** Time left for the exchange, and for a remote clock that is ahead. */
const MARGIN_MS = 60_000;

/**
 * Elliptic curve, P-384: smaller and stronger than the alternative, RS256. OpenBao, Vault and Kubernetes verify both.
 */
const SIGNING_ALGORITHM = 'ES384';

const answerSchema = z.object({ WebIdentityToken: z.string().min(1) });

interface Issued {
  readonly requestedAtMs: number;
  readonly token: Promise<Secret<string>>;
}

/** Creates the tokens of a process. The client is imported on demand, because most stores need no token. */
export const createWebIdentityTokens = ({ onCall, now, client: given }: WebIdentityOptions): WebIdentityTokens => {
  let client = given;
  const issue = async (audience: string): Promise<Secret<string>> => {
    const { GetWebIdentityTokenCommand, STSClient } = await import('@aws-sdk/client-sts');
    client ??= new STSClient(awsClientConfig());
    const command = new GetWebIdentityTokenCommand({
      Audience: [audience],
      DurationSeconds: DURATION_SECONDS,
      SigningAlgorithm: SIGNING_ALGORITHM,
    });
    onCall();
    const answer = await client.send(command).catch((thrown: unknown) => {
      throw toWebIdentityError(thrown, audience);
    });
    const parsed = answerSchema.safeParse(answer);
    // AWS always returns a token. A success without one came from a proxy.
    if (!parsed.success) throw tokenNotAnswered(audience);
    return new Secret(parsed.data.WebIdentityToken);
  };

  // The age counts from the request, so that a difference between our clock and that of AWS does not matter.
  const isUsable = ({ requestedAtMs }: Issued): boolean => {
    const ageMs = now() - requestedAtMs;
    return ageMs >= 0 && ageMs < DURATION_SECONDS * 1000 - MARGIN_MS;
  };

  const issued = new Map<string, Issued>();
  return {
    tokenFor(audience) {
      const known = issued.get(audience);
      if (known !== undefined && isUsable(known)) return known.token;
      const next: Issued = { requestedAtMs: now(), token: issue(audience) };
      issued.set(audience, next);
      next.token.catch(() => {
        if (issued.get(audience) === next) issued.delete(audience);
      });
      return next.token;
    },
  };
};

/**
 * Permission for tokens of one audience, with the life and the algorithm of {@link createWebIdentityTokens}. Source:
 * IAM user guide, outbound identity federation, "Controlling access with IAM policies".
 */
export const webIdentityPermission = (audience: string): Permission => ({
  actions: ['sts:GetWebIdentityToken'],
  resources: ['*'],
  pattern: 'A token of AWS STS is no resource with an ARN. Its conditions limit it to one audience and five minutes.',
  conditions: {
    'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': [audience] },
    // `ForAllValues` alone also matches a request without any audience.
    Null: { 'sts:IdentityTokenAudience': 'false' },
    NumericLessThanEquals: { 'sts:DurationSeconds': String(DURATION_SECONDS) },
    StringEquals: { 'sts:SigningAlgorithm': SIGNING_ALGORITHM },
  },
});

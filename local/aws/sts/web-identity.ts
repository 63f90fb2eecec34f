import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { LOCAL_REGION } from '../environment.ts';
import type { Principal } from '../permissions/trust.ts';
import { ServiceError } from '../service-error.ts';
import { type Issuer, SIGNING_ALGORITHMS } from './issuer.ts';
import { membersIn, tagsIn } from './members.ts';
import type { Sessions } from './sessions.ts';

/**
 * GetWebIdentityToken. The permissions of the caller are checked before, like those of every call. Source: STS API
 * reference, GetWebIdentityToken; IAM user guide, "Understanding token claims". The limit on the size of a token is not
 * documented and not modelled.
 */

/** Outbound web identity federation of the account. */
export interface WebIdentityFederation {
  readonly issuer: Issuer;
  /** An administrator of an account has to enable it first. */
  enabled: boolean;
}

export interface WebIdentityOptions {
  readonly federation: WebIdentityFederation;
  readonly sessions: Pick<Sessions, 'find'>;
  readonly principalOf: (caller: string) => Principal;
  /** ARN of the function that calls; undefined for any other caller. */
  readonly functionArnOf: (caller: string) => string | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const requestSchema = z.strictObject({
  Action: z.string(),
  Version: z.string(),
  Audience: z.array(z.string().min(1).max(1000)).min(1).max(10),
  DurationSeconds: z.coerce.number().int().min(60).max(3600).default(300),
  SigningAlgorithm: z.enum(SIGNING_ALGORITHMS),
  Tags: z.array(z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().max(256) })).max(50),
});

export const createGetWebIdentityToken =
  ({ federation, sessions, principalOf, functionArnOf, now }: WebIdentityOptions) =>
  (caller: string, form: Readonly<Record<string, string>>) => {
    const request = parse(form);
    if (!federation.enabled) throw disabled();
    const expiresAt = now() + request.DurationSeconds * 1000;
    if (expiresAt > (sessions.find(caller)?.expiresAt ?? Number.POSITIVE_INFINITY)) throw escalated();
    const { account, arn } = principalOf(caller);
    const functionArn = functionArnOf(caller);
    const [audience, ...others] = request.Audience;
    const claims = {
      iss: federation.issuer.url,
      sub: arn,
      aud: others.length === 0 ? audience : request.Audience,
      iat: Math.floor(now() / 1000),
      exp: Math.floor(expiresAt / 1000),
      jti: randomUUID(),
      'https://sts.amazonaws.com/': {
        aws_account: account,
        source_region: LOCAL_REGION,
        principal_id: arn,
        ...(functionArn !== undefined && { lambda_source_function_arn: functionArn }),
        ...(request.Tags.length > 0 && {
          request_tags: Object.fromEntries(request.Tags.map(({ Key, Value }) => [Key, Value])),
        }),
      },
    };
    return {
      WebIdentityToken: federation.issuer.sign(claims, request.SigningAlgorithm),
      Expiration: new Date(expiresAt).toISOString(),
    };
  };

const parse = (form: Readonly<Record<string, string>>): z.infer<typeof requestSchema> => {
  const plain = Object.entries(form).filter(([name]) => !name.includes('.'));
  const { data, error } = requestSchema.safeParse({
    ...Object.fromEntries(plain),
    Audience: membersIn(form, 'Audience'),
    Tags: tagsIn(form),
  });
  if (data !== undefined) return data;
  const problems = error?.issues.map(({ path, message }) => `Value at '${path.join('.')}': ${message}`) ?? [];
  throw new ServiceError('ValidationError', `${problems.length} validation error detected: ${problems.join('; ')}`);
};

const disabled = () =>
  new ServiceError(
    'OutboundWebIdentityFederationDisabledException',
    'Outbound web identity federation is not enabled for this account.',
    403,
  );

const escalated = () =>
  new ServiceError(
    'SessionDurationEscalationException',
    'The token would last longer than the session that requests it.',
    403,
  );

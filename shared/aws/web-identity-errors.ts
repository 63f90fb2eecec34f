import { showText } from '#shared/domain/text.ts';
import { asRelayError, type ErrorName, RelayError } from '#shared/errors.ts';

interface Failure {
  readonly name: ErrorName;
  /** Problem and fix, as the end of the message. */
  readonly advice: string;
}

const disabled: Failure = {
  name: 'FederationDisabled',
  advice:
    'AWS issues these tokens only after an administrator of the account enabled them. Run: aws iam enable-outbound-web-identity-federation',
};
const denied: Failure = {
  name: 'StoreDenied',
  advice:
    'the role of this function lacks sts:GetWebIdentityToken for this audience. Deploy the stack again. If the error remains, check whether a policy of your organization denies the action',
};
const badCredentials: Failure = {
  name: 'StoreDenied',
  advice:
    'AWS rejected the credentials of this function. Check that its role exists, and that its region is enabled in the account',
};
const tooLarge: Failure = {
  name: 'StoreRejected',
  advice:
    'the token would exceed the limit of AWS. It contains the tags of the role of this function. Remove tags of the stack',
};
const invalid: Failure = {
  name: 'StoreRejected',
  advice:
    'AWS rejected the request as invalid. An audience has 1 to 1,000 characters. Correct the audience of the store in relay.yaml, and deploy',
};
/** A later process has new credentials. */
const sessionEnds: Failure = {
  name: 'StoreUnavailable',
  advice:
    'the AWS session of this process ends before the token would. The call is retried. On the command line, sign in to AWS again, for example: aws sso login',
};
const unavailable: Failure = {
  name: 'StoreUnavailable',
  advice: 'the service is throttling, unavailable or unreachable. The call is retried',
};

/** Failures by error code: those of GetWebIdentityToken, and those common to all actions of STS. */
const ANSWERED: ReadonlyMap<string, Failure> = new Map([
  ['OutboundWebIdentityFederationDisabledException', disabled],
  ['JWTPayloadSizeExceededException', tooLarge],
  ['SessionDurationEscalationException', sessionEnds],
  ['AccessDenied', denied],
  ['AccessDeniedException', denied],
  ['InvalidClientTokenId', badCredentials],
  ['SignatureDoesNotMatch', badCredentials],
  ['RegionDisabledException', badCredentials],
  ['ExpiredToken', sessionEnds],
  ['ExpiredTokenException', sessionEnds],
  ['CredentialsProviderError', badCredentials],
  ['ValidationError', invalid],
  ['Throttling', unavailable],
  ['ThrottlingException', unavailable],
  ['RequestLimitExceeded', unavailable],
]);

const errorOf = ({ name, advice }: Failure, audience: string, code: string, cause?: unknown): RelayError => {
  const failed = `AWS STS: GetWebIdentityToken for the audience ${showText(audience)} failed`;
  return new RelayError(name, `${failed}${code === '' ? '' : ` (${code})`}: ${advice}.`, { cause });
};

/**
 * Converts an error of the SDK to a {@link RelayError} with a fix. The SDK's own message is kept only as the cause,
 * because it can quote an answer that could not be parsed.
 */
export const toWebIdentityError = (thrown: unknown, audience: string): RelayError => {
  const code = thrown instanceof Error ? thrown.name : '';
  const failure = ANSWERED.get(code) ?? failureOfUnknown(thrown);
  if (failure === undefined) return asRelayError(thrown, 'GetWebIdentityToken');
  return errorOf(failure, audience, failure === unavailable ? '' : code, thrown);
};

/** The error for a success without a token. */
export const tokenNotAnswered = (audience: string): RelayError =>
  errorOf(
    {
      name: 'StoreUnavailable',
      advice: 'the answer did not come from AWS. Check that no proxy intercepts the call. The call is retried',
    },
    audience,
    '',
  );

/** The SDK adds `$metadata` to every failure of a request, and `$fault` to every error that AWS answered. */
const failureOfUnknown = (thrown: unknown): Failure | undefined => {
  if (!(thrown instanceof Error && '$metadata' in thrown)) return undefined;
  const isRefusal = '$fault' in thrown && thrown.$fault === 'client';
  return isRefusal && !isTooMany(thrown) ? invalid : unavailable;
};

const isTooMany = ({ $metadata }: { $metadata?: unknown }): boolean =>
  typeof $metadata === 'object' &&
  $metadata !== null &&
  'httpStatusCode' in $metadata &&
  $metadata.httpStatusCode === 429;

import { type AnsweredError, createServiceErrors, type Failure, type StoreCall } from '#shared/aws/service-errors.ts';
import { showText } from '#shared/domain/text.ts';
import type { RelayError } from '#shared/errors.ts';

const disabled: Failure = {
  name: 'FederationDisabled',
  advice: () =>
    'AWS issues these tokens only after an administrator of the account enabled them. Run: aws iam enable-outbound-web-identity-federation',
};
const denied: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'the role of this function lacks sts:GetWebIdentityToken for this audience. Deploy the stack again. If the error remains, check whether a policy of your organization denies the action',
};
const badCredentials: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'AWS rejected the credentials of this function. Check that its role exists, and that its region is enabled in the account',
};
const tooLarge: Failure = {
  name: 'StoreRejected',
  advice: () =>
    'the token would exceed the limit of AWS. It contains the tags of the role of this function. Remove tags of the stack',
};
const invalid: Failure = {
  name: 'StoreRejected',
  advice: () =>
    'AWS rejected the request as invalid. An audience has 1 to 1,000 characters. Correct the audience of the store in relay.yaml, and deploy',
};
/** A later process has new credentials. */
const sessionEnds: Failure = {
  name: 'StoreUnavailable',
  advice: () =>
    'the AWS session of this process ends before the token would. The call is retried. On the command line, sign in to AWS again, for example: aws sso login',
};

/** The client is imported on demand, so its class of errors is not known here. The SDK adds both fields to each. */
const isAnswer = (thrown: unknown): thrown is AnsweredError =>
  thrown instanceof Error && '$fault' in thrown && '$metadata' in thrown;

const errors = createServiceErrors({
  service: 'AWS STS',
  subject: 'audience',
  isAnswer,
  // The codes of GetWebIdentityToken, and those that STS has in place of the common ones.
  answered: {
    OutboundWebIdentityFederationDisabledException: disabled,
    JWTPayloadSizeExceededException: tooLarge,
    SessionDurationEscalationException: sessionEnds,
    AccessDenied: denied,
    AccessDeniedException: denied,
    InvalidClientTokenId: badCredentials,
    SignatureDoesNotMatch: badCredentials,
    RegionDisabledException: badCredentials,
    CredentialsProviderError: badCredentials,
    ExpiredToken: sessionEnds,
    ExpiredTokenException: sessionEnds,
    ValidationError: invalid,
  },
  throttling: ['Throttling'],
  invalid,
});

const callFor = (audience: string): StoreCall => ({ action: 'GetWebIdentityToken', secret: showText(audience) });

/** Converts an error of the SDK to a {@link RelayError} with a fix. */
export const toWebIdentityError = (thrown: unknown, audience: string): RelayError =>
  errors.toError(thrown, callFor(audience));

/** The error for a success without a token. */
export const tokenNotAnswered = (audience: string): RelayError => errors.notAnswered(callFor(audience));

import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { asRelayError, type ErrorName, RelayError } from '#shared/errors.ts';

/** One call as its errors speak of it. */
export interface StoreCall {
  /** The action's bare name, such as PutSecretValue. */
  readonly action: string;
  /** The name of the secret, or what the call is about when it is about no single one. */
  readonly secret: string;
}

interface Handling {
  readonly name: ErrorName;
  readonly advice: (call: StoreCall) => string;
}

const denied: Handling = {
  name: 'StoreDenied',
  advice: ({ action }) =>
    `allow secretsmanager:${action === 'CreateSecret' ? 'CreateSecret and secretsmanager:TagResource' : action} on it to the role of this function, and, where a customer managed key encrypts it, kms:Decrypt and kms:GenerateDataKey on that key`,
};
const badKey: Handling = {
  name: 'StoreDenied',
  advice: () =>
    'its KMS key could not be used; see that the key is enabled and allows kms:Decrypt and kms:GenerateDataKey to the role of this function',
};
const badCredentials: Handling = {
  name: 'StoreDenied',
  advice: () => 'AWS does not accept the credentials of this function; see that its role exists and the clock is right',
};
const gone: Handling = {
  name: 'StoreRejected',
  advice: () => 'there is no such secret or version; see whether somebody deleted it',
};
const taken: Handling = {
  name: 'DeliverySuperseded',
  advice: () => 'somebody else wrote it at the same time; the next run decides anew',
};
const invalid: Handling = {
  name: 'StoreRejected',
  advice: () =>
    'AWS takes the request for invalid; see whether the secret is scheduled for deletion, managed by another service, or its name or tags break the rules of Secrets Manager',
};
const overQuota: Handling = {
  name: 'StoreRejected',
  advice: () => 'a quota of Secrets Manager is used up; see Service Quotas in the AWS console',
};
const unavailable: Handling = {
  name: 'StoreUnavailable',
  advice: () => 'it is throttled, unavailable or unreachable; it is tried again',
};

/** By the error codes of the API reference and those that all AWS services share. */
const HANDLING: Readonly<Record<string, Handling>> = {
  AccessDeniedException: denied,
  DecryptionFailure: badKey,
  EncryptionFailure: badKey,
  UnrecognizedClientException: badCredentials,
  InvalidSignatureException: badCredentials,
  IncompleteSignature: badCredentials,
  MissingAuthenticationTokenException: badCredentials,
  ExpiredTokenException: badCredentials,
  CredentialsProviderError: badCredentials,
  ResourceNotFoundException: gone,
  ResourceExistsException: taken,
  InvalidParameterException: invalid,
  InvalidRequestException: invalid,
  ValidationException: invalid,
  LimitExceededException: overQuota,
  ThrottlingException: unavailable,
  TooManyRequestsException: unavailable,
  RequestLimitExceeded: unavailable,
};

/**
 * What the SDK threw as a {@link RelayError} that says what to do. The SDK's own text stays in the cause: messages of
 * AWS, and those of a body that could not be parsed, can quote a value.
 */
export const toStoreError = (thrown: unknown, call: StoreCall): RelayError => {
  const code = thrown instanceof Error ? thrown.name : '';
  const handling = HANDLING[code] ?? handlingOfUnknown(thrown);
  if (handling === undefined) return asRelayError(thrown, `${call.action} on secret ${call.secret}`);
  const why = handling === unavailable ? '' : ` (${code})`;
  return new RelayError(
    handling.name,
    `Secrets Manager: ${call.action} on secret ${call.secret} failed${why}: ${handling.advice(call)}.`,
    { cause: thrown, mayHaveHappened: handling === unavailable && !isRefused(thrown) },
  );
};

/** Whether this error is AWS's refusal with one of these codes. */
export const isRefusal = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof RelayError &&
  error.cause instanceof SecretsManagerServiceException &&
  codes.includes(error.cause.name);

/**
 * Does one call, and raises only {@link RelayError}s. Every answer about a secret names its ARN: one that does not comes
 * from something in between, and must not read as an empty one.
 */
export const callStore = async <Answer extends { ARN?: string | undefined }>(
  call: StoreCall,
  answer: Promise<Answer>,
): Promise<Answer> => {
  let answered: Answer;
  try {
    answered = await answer;
  } catch (thrown) {
    throw toStoreError(thrown, call);
  }
  if (answered.ARN === undefined) throw notAnswered(call);
  return answered;
};

/** For an answer that says success and nothing else that Secrets Manager would say. */
export const notAnswered = ({ action, secret }: StoreCall): RelayError =>
  new RelayError(
    'StoreUnavailable',
    `Secrets Manager: ${action} on secret ${secret} was answered by something else: see that no proxy stands in between; it is tried again.`,
    { mayHaveHappened: true },
  );

/** A client fault was refused before anything happened; a server's fault, or no answer, leaves that open. */
const isRefused = (thrown: unknown): boolean =>
  thrown instanceof SecretsManagerServiceException && thrown.$fault === 'client';

const handlingOfUnknown = (thrown: unknown): Handling | undefined => {
  if (thrown instanceof SecretsManagerServiceException) {
    const isBusy = thrown.$fault === 'server' || thrown.$metadata.httpStatusCode === 429;
    return isBusy ? unavailable : invalid;
  }
  // The SDK puts this beside whatever went wrong once a request was on its way: sockets, time-outs, unreadable answers.
  return thrown instanceof Error && '$metadata' in thrown ? unavailable : undefined;
};

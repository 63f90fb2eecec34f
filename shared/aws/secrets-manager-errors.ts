import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { asRelayError, type ErrorName, RelayError, type RelayErrorOptions } from '#shared/errors.ts';

/** One call as its errors speak of it. */
export interface StoreCall {
  /** The action's bare name, such as PutSecretValue. */
  readonly action: string;
  /** The name of the secret, or what the call is about when it is about no single one. */
  readonly secret: string;
}

/** What an error speaks of: a call, or a secret as such. */
interface About {
  readonly secret: string;
  readonly action?: string;
  /** The version, or the limit, that the sentence names. */
  readonly detail?: string;
}

interface Failure {
  readonly name: ErrorName;
  /** What is wrong and what to do, where the code alone does not say it. */
  readonly advice: (about: About) => string;
}

const denied: Failure = {
  name: 'StoreDenied',
  advice: ({ action }) =>
    `allow secretsmanager:${action === 'CreateSecret' ? 'CreateSecret and secretsmanager:TagResource' : action} on it to the role of this function, and, where a customer managed key encrypts it, kms:Decrypt and kms:GenerateDataKey on that key`,
};
const badKey: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'its KMS key could not be used; see that the key is enabled and allows kms:Decrypt and kms:GenerateDataKey to the role of this function',
};
const badCredentials: Failure = {
  name: 'StoreDenied',
  advice: () => 'AWS does not accept the credentials of this function; see that its role exists and the clock is right',
};
const gone: Failure = {
  name: 'StoreRejected',
  advice: () => 'there is no such secret or version; see whether somebody deleted it',
};
const taken: Failure = {
  name: 'DeliverySuperseded',
  advice: () => 'somebody else wrote it at the same time; the next run decides anew',
};
const invalid: Failure = {
  name: 'StoreRejected',
  advice: ({ action }) =>
    action === 'DeleteSecret'
      ? 'AWS does not delete it; see whether it has replicas in other regions, which have to be removed before (aws secretsmanager remove-regions-from-replication), or is managed by another service'
      : 'AWS takes the request for invalid; see whether the secret is scheduled for deletion, managed by another service, or its name or tags break the rules of Secrets Manager',
};
const overQuota: Failure = {
  name: 'StoreRejected',
  advice: () => 'a quota of Secrets Manager is used up; see Service Quotas in the AWS console',
};
const unavailable: Failure = {
  name: 'StoreUnavailable',
  advice: () => 'it is throttled, unavailable or unreachable; it is tried again',
};

/** What we find wrong ourselves, by words of our own. */
const FOUND = {
  answeredByOther: {
    name: 'StoreUnavailable',
    advice: () => 'something else answered; see that no proxy stands in between; it is tried again',
  },
  overtaken: {
    name: 'DeliverySuperseded',
    advice: () => 'it has changed since this delivery was decided, so it was left as it is. The next run decides anew',
  },
  stampTaken: {
    name: 'DeliverySuperseded',
    advice: ({ detail }) =>
      `version ${detail} holds another value already: the credential or its template changed while the vault's date of change stood still. A verify run delivers it`,
  },
  idNotTaken: {
    name: 'StoreRejected',
    advice: () =>
      'the server did not take our version id, which deliveries are told apart by. See that the endpoint is AWS Secrets Manager',
  },
  readsBackOtherwise: {
    name: 'DeliveryUnverified',
    advice: ({ detail }) =>
      `version ${detail} does not read back as it was written, so nothing was promoted. The next run tries again`,
  },
  notText: {
    name: 'ValueNotText',
    advice: () =>
      "the value is empty or no well-formed Unicode text, which Secrets Manager does not store. Change the credential or the sync's value template",
  },
  tooLarge: {
    name: 'ValueTooLarge',
    advice: ({ detail }) =>
      `the value is larger than the ${detail} bytes that Secrets Manager stores. Deliver less with the sync's value template`,
  },
  noTokenCache: {
    name: 'ConfigurationInvalid',
    advice: () => 'the token cache does not exist. The stack makes it: deploy the stack again',
  },
} as const satisfies Record<string, Failure>;

/** What AWS answers, by the error codes of the API reference and those that all AWS services share. */
const ANSWERED: ReadonlyMap<string, Failure> = new Map([
  ['AccessDeniedException', denied],
  ['DecryptionFailure', badKey],
  ['EncryptionFailure', badKey],
  ['UnrecognizedClientException', badCredentials],
  ['InvalidSignatureException', badCredentials],
  ['IncompleteSignature', badCredentials],
  ['MissingAuthenticationTokenException', badCredentials],
  ['ExpiredTokenException', badCredentials],
  ['CredentialsProviderError', badCredentials],
  ['ResourceNotFoundException', gone],
  ['ResourceExistsException', taken],
  ['InvalidParameterException', invalid],
  ['InvalidRequestException', invalid],
  ['ValidationException', invalid],
  ['LimitExceededException', overQuota],
  ['ThrottlingException', unavailable],
  ['TooManyRequestsException', unavailable],
  ['RequestLimitExceeded', unavailable],
]);

/** The one sentence of all errors of Secrets Manager: the call or the secret, what is wrong with it, and what to do. */
const errorOf = ({ name, advice }: Failure, about: About, code: string, options: RelayErrorOptions): RelayError => {
  const { action, secret } = about;
  const what =
    action === undefined
      ? `Secret ${secret}`
      : `Secrets Manager: ${action} on secret ${secret} failed${code === '' ? '' : ` (${code})`}`;
  return new RelayError(name, `${what}: ${advice(about)}.`, options);
};

/** The error for something that we find wrong ourselves. */
export const foundWrong = (
  found: Exclude<keyof typeof FOUND, 'answeredByOther'>,
  about: Pick<About, 'secret' | 'detail'>,
): RelayError => errorOf(FOUND[found], about, '', {});

/**
 * What the SDK threw as a {@link RelayError} that says what to do. The SDK's own text stays in the cause: messages of
 * AWS, and those of a body that could not be parsed, can quote a value.
 */
export const toStoreError = (thrown: unknown, call: StoreCall): RelayError => {
  const code = thrown instanceof Error ? thrown.name : '';
  const failure = ANSWERED.get(code) ?? failureOfUnknown(thrown);
  if (failure === undefined) return asRelayError(thrown, `${call.action} on secret ${call.secret}`);
  const isUnavailable = failure === unavailable;
  return errorOf(failure, call, isUnavailable ? '' : code, {
    cause: thrown,
    mayHaveHappened: isUnavailable && !isRefused(thrown),
  });
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
export const callSecretsManager = async <Answer extends { ARN?: string | undefined }>(
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
export const notAnswered = (call: StoreCall): RelayError =>
  errorOf(FOUND.answeredByOther, call, '', { mayHaveHappened: true });

/** A client fault was refused before anything happened; a server's fault, or no answer, leaves that open. */
const isRefused = (thrown: unknown): boolean =>
  thrown instanceof SecretsManagerServiceException && thrown.$fault === 'client';

const failureOfUnknown = (thrown: unknown): Failure | undefined => {
  if (thrown instanceof SecretsManagerServiceException) {
    const isBusy = thrown.$fault === 'server' || thrown.$metadata.httpStatusCode === 429;
    return isBusy ? unavailable : invalid;
  }
  // The SDK puts this beside whatever went wrong once a request was on its way: sockets, time-outs, unreadable answers.
  return thrown instanceof Error && '$metadata' in thrown ? unavailable : undefined;
};

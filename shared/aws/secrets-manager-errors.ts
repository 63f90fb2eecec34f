import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { asRelayError, type ErrorName, RelayError, type RelayErrorOptions } from '#shared/errors.ts';

/** One call, as its errors describe it. */
export interface StoreCall {
  /** Bare name of the action, such as PutSecretValue. */
  readonly action: string;
  /** Name of the secret, or the subject of a call that concerns no single secret. */
  readonly secret: string;
}

/** Subject of an error: a call, or a secret. */
interface About {
  readonly secret: string;
  readonly action?: string;
  /** Version or limit that the sentence names. */
  readonly detail?: string;
}

interface Failure {
  readonly name: ErrorName;
  /** Problem and fix, as the end of the message. */
  readonly advice: (about: About) => string;
}

/** AWS does not tell whether a policy of the organization is the reason. */
const TAGS_REQUIRED =
  'If your organization requires tags on new secrets, add them to the store in relay.yaml and deploy, for example: tags: { cost-center: "1234" }';

const denied: Failure = {
  name: 'StoreDenied',
  advice: ({ action }) => {
    const isCreation = action === 'CreateSecret';
    const actions = isCreation ? 'CreateSecret and secretsmanager:TagResource' : action;
    const tags = isCreation ? `. ${TAGS_REQUIRED}` : '';
    return `grant the role of this function secretsmanager:${actions} on the secret and, if a customer managed key encrypts it, kms:Decrypt and kms:GenerateDataKey on that key${tags}`;
  },
};
const badKey: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'the KMS key of the secret is not usable. Check that the key is enabled and allows the role of this function kms:Decrypt and kms:GenerateDataKey',
};
const badCredentials: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'AWS rejected the credentials of this function. Check that its role exists and that the clock is correct',
};
const gone: Failure = {
  name: 'StoreRejected',
  advice: () => 'the secret or version does not exist. Check whether it was deleted',
};
const taken: Failure = {
  name: 'DeliverySuperseded',
  advice: () => 'another writer changed the secret at the same time. The next run checks it again',
};
const invalid: Failure = {
  name: 'StoreRejected',
  advice: ({ action }) => {
    if (action === 'DeleteSecret') {
      return 'AWS refused to delete the secret. Check whether another service manages it. Replicas in other regions must be removed first (aws secretsmanager remove-regions-from-replication)';
    }
    const tags = action === 'CreateSecret' ? `. ${TAGS_REQUIRED}` : '';
    return `AWS rejected the request as invalid. Check whether the secret is scheduled for deletion or managed by another service, and whether its name and tags follow the rules of Secrets Manager${tags}`;
  },
};
/** Source: AWS Secrets Manager user guide, quotas: about 100 versions of a secret, none removed within 24 hours. */
const overQuota: Failure = {
  name: 'StoreRejected',
  advice: ({ action }) =>
    action === 'PutSecretValue'
      ? 'the secret has about 100 versions from the last 24 hours. AWS fixes this limit, and removes older versions. Check in the vault why its credential changes so often'
      : 'a quota of Secrets Manager is exhausted. Check Service Quotas in the AWS console',
};
const unavailable: Failure = {
  name: 'StoreUnavailable',
  advice: () => 'the service is throttling, unavailable or unreachable. The call is retried',
};

/** Problems that the relay itself detects. */
const FOUND = {
  foreignAnswer: {
    name: 'StoreUnavailable',
    advice: () =>
      'the answer did not come from Secrets Manager. Check that no proxy intercepts the call. The call is retried',
  },
  overtaken: {
    name: 'DeliverySuperseded',
    advice: () =>
      'the secret has changed since this delivery was planned, so it was not overwritten. The next run checks it again',
  },
  stampConflict: {
    name: 'DeliverySuperseded',
    advice: ({ detail }) =>
      `version ${detail} already holds another value. The credential or its template changed, but the change date in the vault did not. A verify run delivers the value`,
  },
  versionIdIgnored: {
    name: 'StoreRejected',
    advice: () =>
      'the server did not use the version id of the relay, which identifies the delivery. Check that the endpoint is AWS Secrets Manager',
  },
  readBackMismatch: {
    name: 'DeliveryUnverified',
    advice: ({ detail }) =>
      `version ${detail} does not read back as it was written, so it was not promoted. The next run tries again`,
  },
  notText: {
    name: 'ValueNotText',
    advice: () =>
      "the value is empty or not well-formed Unicode text, which Secrets Manager does not store. Change the credential or the sync's value template",
  },
  tooLarge: {
    name: 'ValueTooLarge',
    advice: ({ detail }) =>
      `the value exceeds the limit of Secrets Manager, ${detail} bytes. Deliver fewer fields with the value template of the rule. A file or text that exceeds it alone can't be delivered to this store: exclude it, for example with titles: ["!*.iso"]`,
  },
  noTokenCache: {
    name: 'ConfigurationInvalid',
    advice: () => 'the token cache does not exist. Deploy the stack again to create it',
  },
} as const satisfies Record<string, Failure>;

/** Failures by error code: the codes of the API reference, and those common to all AWS services. */
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

/** The common form of every Secrets Manager error: the call or the secret, the problem, and the fix. */
const errorOf = ({ name, advice }: Failure, about: About, code: string, options: RelayErrorOptions): RelayError => {
  const { action, secret } = about;
  const what =
    action === undefined
      ? `Secret ${secret}`
      : `Secrets Manager: ${action} on secret ${secret} failed${code === '' ? '' : ` (${code})`}`;
  return new RelayError(name, `${what}: ${advice(about)}.`, options);
};

/** The error for a problem that the relay itself detects. */
export const storeProblem = (
  found: Exclude<keyof typeof FOUND, 'foreignAnswer'>,
  about: Pick<About, 'secret' | 'detail'>,
): RelayError => errorOf(FOUND[found], about, '', {});

/**
 * Converts an error of the SDK to a {@link RelayError} with a fix. The SDK's own message is kept only as the cause,
 * because it can quote a value, for example from a body that could not be parsed.
 */
export const toStoreError = (thrown: unknown, call: StoreCall): RelayError => {
  // Raised before the call was sent. The SDK adds its own fields to it.
  if (thrown instanceof RelayError) return thrown;
  const code = thrown instanceof Error ? thrown.name : '';
  const failure = ANSWERED.get(code) ?? failureOfUnknown(thrown);
  if (failure === undefined) return asRelayError(thrown, `${call.action} on secret ${call.secret}`);
  const isUnavailable = failure === unavailable;
  return errorOf(failure, call, isUnavailable ? '' : code, {
    cause: thrown,
    mayHaveHappened: isUnavailable && !isRefused(thrown),
  });
};

const THROTTLING = ['ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded'];

/** True if an error of the SDK is a refusal because of a quota on calls. The call had no effect. */
export const isThrottled = (thrown: unknown): boolean =>
  thrown instanceof SecretsManagerServiceException &&
  (THROTTLING.includes(thrown.name) || thrown.$metadata.httpStatusCode === 429);

/** True if this error is a refusal by AWS with one of these codes. */
export const isRefusal = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof RelayError &&
  error.cause instanceof SecretsManagerServiceException &&
  codes.includes(error.cause.name);

/**
 * Makes one call and raises only {@link RelayError}s. Every answer about a secret contains its ARN. An answer without
 * one came from a proxy and must not be read as an empty secret.
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

/** The error for a successful answer without the fields that Secrets Manager always returns. */
export const notAnswered = (call: StoreCall): RelayError =>
  errorOf(FOUND.foreignAnswer, call, '', { mayHaveHappened: true });

/** True if the call certainly had no effect. After a server fault, or without an answer, the effect is unknown. */
const isRefused = (thrown: unknown): boolean =>
  thrown instanceof SecretsManagerServiceException && thrown.$fault === 'client';

const failureOfUnknown = (thrown: unknown): Failure | undefined => {
  if (thrown instanceof SecretsManagerServiceException) {
    const isBusy = thrown.$fault === 'server' || thrown.$metadata.httpStatusCode === 429;
    return isBusy ? unavailable : invalid;
  }
  // The SDK adds `$metadata` to every failure of a request in progress: sockets, timeouts, unreadable answers.
  return thrown instanceof Error && '$metadata' in thrown ? unavailable : undefined;
};

import { asRelayError, type ErrorName, RelayError, type RelayErrorOptions } from '#shared/errors.ts';

/**
 * The common form of the errors of AWS services that hold secrets. Each service has a table of its own, from the codes
 * of its API reference to a problem and its fix.
 */

/** One call, as its errors describe it. */
export interface StoreCall {
  /** Bare name of the action, such as PutSecretValue. */
  readonly action: string;
  /** Name of the secret, or the subject of a call that concerns no single secret. */
  readonly secret: string;
}

/** Subject of an error: a call, or a secret. */
export interface About {
  readonly secret: string;
  readonly action?: string;
  /** Version or limit that the sentence names. */
  readonly detail?: string;
}

export interface Failure {
  readonly name: ErrorName;
  /** Problem and fix, as the end of the message. */
  readonly advice: (about: About) => string;
}

/** An error that the SDK read from an answer of the service. */
export interface AnsweredError extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
}

interface ServiceTable {
  /** Display name, such as `Secrets Manager`. */
  readonly service: string;
  /** The service's own word for a secret, in lower case. */
  readonly subject: string;
  /** True for an error that the service answered. */
  readonly isAnswer: (thrown: unknown) => thrown is AnsweredError;
  /** Failures by error code of the service. Those common to all AWS services are known. */
  readonly answered: Readonly<Record<string, Failure>>;
  /** Codes of throttling that only this service has. */
  readonly throttling?: readonly string[];
  /** Failure for any other refusal. */
  readonly invalid: Failure;
}

export interface ServiceErrors {
  /** The error for a problem that the relay itself detects. */
  problem(failure: Failure, about: Pick<About, 'secret' | 'detail'>): RelayError;
  /**
   * Converts an error of the SDK to a {@link RelayError} with a fix. The SDK's own message is kept only as the cause,
   * because it can quote a value, for example from a body that could not be parsed.
   */
  toError(thrown: unknown, call: StoreCall): RelayError;
  /** The error for a successful answer without the fields that the service always returns. */
  notAnswered(call: StoreCall): RelayError;
  /** True if an error of the SDK is a refusal because of a quota on calls. The call had no effect. */
  isThrottled(thrown: unknown): boolean;
  /** True if this error is a refusal by AWS with one of these codes. */
  isRefusal(error: unknown, ...codes: readonly string[]): boolean;
}

const unavailable: Failure = {
  name: 'StoreUnavailable',
  advice: () => 'the service is throttling, unavailable or unreachable. The call is retried',
};
const badCredentials: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'AWS rejected the credentials of this function. Check that its role exists and that the clock is correct',
};

const THROTTLING = ['ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded'];

/** Source: the common errors in the API reference of each AWS service. */
const COMMON: Readonly<Record<string, Failure>> = {
  UnrecognizedClientException: badCredentials,
  InvalidSignatureException: badCredentials,
  IncompleteSignature: badCredentials,
  MissingAuthenticationTokenException: badCredentials,
  ExpiredTokenException: badCredentials,
  CredentialsProviderError: badCredentials,
};

/** Creates the errors of one service. */
export const createServiceErrors = ({
  service,
  subject,
  isAnswer,
  answered,
  throttling = [],
  invalid,
}: ServiceTable): ServiceErrors => {
  const throttlingCodes = [...THROTTLING, ...throttling];
  const busy = Object.fromEntries(throttlingCodes.map((code) => [code, unavailable]));
  const failures = new Map(Object.entries({ ...COMMON, ...busy, ...answered }));

  /** The common form of every error: the call or the secret, the problem, and the fix. */
  const errorOf = ({ name, advice }: Failure, about: About, code: string, options: RelayErrorOptions): RelayError => {
    const { action, secret } = about;
    const what =
      action === undefined
        ? `${subject.replace(/^./, (letter) => letter.toUpperCase())} ${secret}`
        : `${service}: ${action} on ${subject} ${secret} failed${code === '' ? '' : ` (${code})`}`;
    return new RelayError(name, `${what}: ${advice(about)}.`, options);
  };

  const foreignAnswer: Failure = {
    name: 'StoreUnavailable',
    advice: () =>
      `the answer did not come from ${service}. Check that no proxy intercepts the call. The call is retried`,
  };

  /** True if the call certainly had no effect. After a server fault, or without an answer, the effect is unknown. */
  const isRefused = (thrown: unknown): boolean => isAnswer(thrown) && thrown.$fault === 'client';

  const failureOfUnknown = (thrown: unknown): Failure | undefined => {
    if (isAnswer(thrown)) {
      const isBusy = thrown.$fault === 'server' || thrown.$metadata.httpStatusCode === 429;
      return isBusy ? unavailable : invalid;
    }
    // The SDK adds `$metadata` to every failure of a request in progress: sockets, timeouts, unreadable answers.
    return thrown instanceof Error && '$metadata' in thrown ? unavailable : undefined;
  };

  return {
    problem: (failure, about) => errorOf(failure, about, '', {}),
    toError(thrown, call) {
      // Raised before the call was sent. The SDK adds its own fields to it.
      if (thrown instanceof RelayError) return thrown;
      const code = thrown instanceof Error ? thrown.name : '';
      const failure = failures.get(code) ?? failureOfUnknown(thrown);
      if (failure === undefined) return asRelayError(thrown, `${call.action} on ${subject} ${call.secret}`);
      const isUnavailable = failure === unavailable;
      return errorOf(failure, call, isUnavailable ? '' : code, {
        cause: thrown,
        mayHaveHappened: isUnavailable && !isRefused(thrown),
      });
    },
    notAnswered: (call) => errorOf(foreignAnswer, call, '', { mayHaveHappened: true }),
    isThrottled: (thrown) =>
      isAnswer(thrown) && (throttlingCodes.includes(thrown.name) || thrown.$metadata.httpStatusCode === 429),
    isRefusal: (error, ...codes) =>
      error instanceof RelayError && isAnswer(error.cause) && codes.includes(error.cause.name),
  };
};

/**
 * The closed list of errors. Workflows retry by the name of an error, outcomes carry it, and `docs/runbook.md` has a
 * heading for each. Only this list decides which errors are retryable.
 */
const ERRORS = {
  // The operator has to correct relay.yaml or its environment.
  ConfigurationInvalid: { retryable: false },
  BootstrapUnusable: { retryable: false },
  ContractViolated: { retryable: false },
  NameCollision: { retryable: false },

  // Incoming messages.
  MessageInvalid: { retryable: false },

  // Sign-in to a vault.
  SignInRefused: { retryable: false },
  LicenceRefused: { retryable: false },
  SessionLost: { retryable: false },

  // Provisioning.
  ResourceForeign: { retryable: false },
  ChangeRefused: { retryable: false },
  ResourceUnproven: { retryable: false },

  // Checkouts that are refused.
  CheckoutRefused: { retryable: false },

  // Answers of a vault to one request.
  NotRequestable: { retryable: false },
  ApprovalPending: { retryable: false },
  ApproversMissing: { retryable: false },
  PermissionMissing: { retryable: false },
  NotFound: { retryable: false },
  LeaseGone: { retryable: true },
  RequestConflict: { retryable: true },
  RequestRejected: { retryable: false },
  TicketRefused: { retryable: false },
  TicketUnverified: { retryable: true },
  ApiVersionDisabled: { retryable: false },
  CallUnsupported: { retryable: false },
  MediaTypeRefused: { retryable: false },

  // Transport to and from a vault.
  RateLimited: { retryable: true },
  VaultUnavailable: { retryable: true },
  ProxyRefused: { retryable: false },
  AnswerTimedOut: { retryable: true },
  AnswerTruncated: { retryable: true },
  AnswerTooLarge: { retryable: false },
  AnswerMalformed: { retryable: false },

  // Limits of a connection or a store that other functions use up.
  LimitReached: { retryable: true },

  // Delivery into a store.
  StoreDenied: { retryable: false },
  FederationDisabled: { retryable: false },
  StoreUnavailable: { retryable: true },
  StoreRejected: { retryable: false },
  SecretForeign: { retryable: false },
  DeliverySuperseded: { retryable: true },
  DeliveryUnverified: { retryable: true },
  ValueTooLarge: { retryable: false },
  ValueNotText: { retryable: false },
  ValueRefused: { retryable: false },

  // Ticket systems, which only comments and the look at open tickets need.
  TicketSystemUnavailable: { retryable: true },
  TicketSystemDenied: { retryable: false },
  TicketSystemRefused: { retryable: false },

  // The run itself.
  OutOfTime: { retryable: true },
  BatchLost: { retryable: true },
  Unexpected: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>;

/** Name of an error that the relay raises. */
export type ErrorName = keyof typeof ERRORS;

/** All error names, for the retry lists of the workflows and for the test that compares them with the runbook. */
export const ERROR_NAMES = Object.keys(ERRORS) as ErrorName[];

/** True if a later attempt can succeed without any change by an operator. */
export const isRetryable = (name: ErrorName): boolean => ERRORS[name].retryable;

export interface RelayErrorOptions {
  /** The underlying error. Kept for the stack trace; its text is not logged, because its content is unknown. */
  readonly cause?: unknown;
  /**
   * True if the call may have taken effect although it failed, for example because the connection broke after the
   * request was sent. The caller has to check before it repeats the call.
   */
  readonly mayHaveHappened?: boolean;
  /** Wait that the remote asked for, in milliseconds; undefined if it asked for none. */
  readonly retryAfterMs?: number;
}

/**
 * The only error class. Its `name` is from the closed list. Its message names the connection, the account and the call,
 * and describes the fix. It never contains a header, a body or a value.
 */
export class RelayError extends Error {
  override readonly name: ErrorName;
  readonly retryable: boolean;
  readonly mayHaveHappened: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(name: ErrorName, message: string, options: RelayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = name;
    this.retryable = isRetryable(name);
    this.mayHaveHappened = options.mayHaveHappened ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * Converts anything thrown to a {@link RelayError}. Other errors become `Unexpected`; their own text is kept only as
 * the cause, because a message that we did not write can contain a value.
 */
export const asRelayError = (thrown: unknown, during: string): RelayError =>
  thrown instanceof RelayError
    ? thrown
    : new RelayError(
        'Unexpected',
        `${during} failed unexpectedly (${thrown instanceof Error ? thrown.name : typeof thrown}). This is a defect in the relay. Report it with the run id.`,
        { cause: thrown },
      );

/** The same error with a text before its message, which names what it is about. Pure. */
export const prefixed = (prefix: string, error: RelayError): RelayError =>
  new RelayError(error.name, `${prefix}: ${error.message}`, {
    cause: error,
    mayHaveHappened: error.mayHaveHappened,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });

/** Maximum number of messages that a combined error quotes. */
const MAX_MESSAGES = 5;

/**
 * Combines several errors into one, so that none hides another. The result has their messages and, if one of them is
 * retryable, its name, because another attempt can then help. Undefined for an empty list.
 */
export const combineErrors = (errors: readonly RelayError[]): RelayError | undefined => {
  const leading = errors.find(({ retryable }) => retryable) ?? errors[0];
  if (leading === undefined || errors.length === 1) return leading;
  const messages = [...new Set([leading, ...errors].map(({ message }) => message))];
  const more = messages.length - MAX_MESSAGES;
  const quoted = [...messages.slice(0, MAX_MESSAGES), ...(more > 0 ? [`… and ${more} more.`] : [])];
  return new RelayError(leading.name, quoted.join(' '), {
    cause: leading,
    mayHaveHappened: errors.some(({ mayHaveHappened }) => mayHaveHappened),
  });
};

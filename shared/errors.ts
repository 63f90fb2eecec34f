/**
 * The closed list of what can go wrong. The name of an error is what a workflow retries on, what an outcome carries and
 * what `docs/runbook.md` has a heading for; whether a later attempt can help is decided here and nowhere else.
 */
const ERRORS = {
  // What an operator has to change in relay.yaml or around it.
  ConfigurationInvalid: { retryable: false },
  BootstrapUnusable: { retryable: false },
  ContractViolated: { retryable: false },
  NameCollision: { retryable: false },

  // What others send.
  MessageInvalid: { retryable: false },

  // Signing in to a vault.
  SignInRefused: { retryable: false },
  LicenceRefused: { retryable: false },
  SessionLost: { retryable: false },

  // What a message asks for, and can't have.
  CheckoutRefused: { retryable: false },

  // What a vault says about one request.
  NotRequestable: { retryable: false },
  ApprovalPending: { retryable: false },
  ApproversMissing: { retryable: false },
  PermissionMissing: { retryable: false },
  NotFound: { retryable: false },
  LeaseGone: { retryable: true },
  RequestConflict: { retryable: true },
  RequestRejected: { retryable: false },
  ApiVersionDisabled: { retryable: false },
  MediaTypeRefused: { retryable: false },

  // The way to a vault and back.
  RateLimited: { retryable: true },
  VaultUnavailable: { retryable: true },
  AnswerTimedOut: { retryable: true },
  AnswerTruncated: { retryable: true },
  AnswerTooLarge: { retryable: false },
  AnswerMalformed: { retryable: false },

  // Delivering into a store.
  StoreDenied: { retryable: false },
  StoreUnavailable: { retryable: true },
  StoreRejected: { retryable: false },
  SecretForeign: { retryable: false },
  DeliverySuperseded: { retryable: true },
  DeliveryUnverified: { retryable: true },
  ValueTooLarge: { retryable: false },
  ValueNotText: { retryable: false },

  // The run itself.
  OutOfTime: { retryable: true },
  BatchLost: { retryable: true },
  Unexpected: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>;

/** The name of every error that the relay raises. */
export type ErrorName = keyof typeof ERRORS;

/** All error names, for the workflow's retry lists and for the test that holds the runbook against them. */
export const ERROR_NAMES = Object.keys(ERRORS) as ErrorName[];

/** Whether a later attempt of the same thing can succeed without anybody changing anything. */
export const isRetryable = (name: ErrorName): boolean => ERRORS[name].retryable;

export interface RelayErrorOptions {
  /** What was underneath. Kept for the stack trace; its text is not logged, because we don't know what is in it. */
  readonly cause?: unknown;
  /**
   * True when the call may have had its effect although no answer came: the connection broke after the request was
   * sent. The caller has to find out before it calls again.
   */
  readonly mayHaveHappened?: boolean;
  /** How long the remote asked us to wait, in milliseconds, when it said so. */
  readonly retryAfterMs?: number;
}

/**
 * The one error class: its `name` is from the closed list, its message tells the operator what to do, and names the
 * connection, the account and the call; never a header, a body or a value.
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
 * Any thrown thing as a {@link RelayError}. What is not one already becomes `Unexpected`, and its own text is kept as
 * the cause only: a message that we did not write may hold a value.
 */
export const asRelayError = (thrown: unknown, during: string): RelayError =>
  thrown instanceof RelayError
    ? thrown
    : new RelayError(
        'Unexpected',
        `${during} failed unexpectedly (${thrown instanceof Error ? thrown.name : typeof thrown}). This is a defect in the relay: please report it with the run id.`,
        { cause: thrown },
      );

/** What a message tells in full. */
const MAX_MESSAGES = 5;

/**
 * Several errors as one, so that none hides another: the messages of all, and the name of one that may pass by itself, if there is
 * one, since another attempt helps at least there. Undefined for none.
 */
export const inOne = (errors: readonly RelayError[]): RelayError | undefined => {
  const leading = errors.find(({ retryable }) => retryable) ?? errors[0];
  if (leading === undefined || errors.length === 1) return leading;
  const messages = [...new Set([leading, ...errors].map(({ message }) => message))];
  const more = messages.length - MAX_MESSAGES;
  const told = [...messages.slice(0, MAX_MESSAGES), ...(more > 0 ? [`… and ${more} more.`] : [])];
  return new RelayError(leading.name, told.join(' '), {
    cause: leading,
    mayHaveHappened: errors.some(({ mayHaveHappened }) => mayHaveHappened),
  });
};

import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { ERROR_NAMES, type ErrorName, isRetryable } from '#shared/errors.ts';
import { MAX_LIMIT_PAUSE_MS } from '#shared/workflows/step.ts';

/**
 * Retries of a failed step. Every step is safe to repeat, because it checks what earlier attempts did before it acts.
 */
export interface RetryPolicy {
  readonly errors: readonly string[];
  readonly firstSeconds: number;
  readonly backoff: number;
  readonly maxSeconds: number;
  readonly attempts: number;
}

/** Other functions use up a limit of a connection or a store. */
const LIMIT_REACHED = 'LimitReached' satisfies ErrorName;

/**
 * Other invocations use up the concurrency of the account, which is 10 in a new one. Nothing has begun. Source: Lambda
 * developer guide, "Understanding Lambda function scaling" and "Lambda quotas".
 */
const NO_CONCURRENCY = 'Lambda.TooManyRequestsException';

/** The relay's other retryable errors. Nothing retries the rest: see `docs/runbook.md`. */
const PASSING = ERROR_NAMES.filter((name) => isRetryable(name) && name !== LIMIT_REACHED);

/**
 * Errors from Lambda when the function could not report one itself: a service error, a crash, or the end of its memory
 * or time. Source: Step Functions developer guide, "Handling errors", and Lambda's runtime error names.
 */
const CRASHES = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Sandbox.Timedout',
  'States.Timeout',
];

/**
 * For every step that does not close anything. Waits of 10, 20, 40 and 80 seconds: 2.5 minutes at most, which outlasts
 * a failover of the vault. After that, the next scheduled run tries again, and no lease is held open in between.
 */
export const DEFAULT_RETRY: RetryPolicy = {
  errors: [...PASSING, ...CRASHES],
  firstSeconds: 10,
  backoff: 2,
  maxSeconds: 300,
  attempts: 4,
};

/**
 * For steps that close something, because an open lease is the worst outcome. Waits of 10, 20, 40, 80, 160 and then
 * eight times 300 seconds: 45 minutes at most, which outlasts a restart of the vault. After that, `reap` continues.
 */
export const CLOSING_RETRY: RetryPolicy = { ...DEFAULT_RETRY, attempts: 13 };

/**
 * For steps that have nothing open, and for those that close, beside their own policy. A step that found no capacity
 * within a minute, or could not begin, is repeatable. It waits in the state machine, which costs a transition, instead
 * of in a function. The timeout of the machine is the only limit.
 */
export const LIMIT_RETRY: RetryPolicy = {
  errors: [LIMIT_REACHED, NO_CONCURRENCY],
  firstSeconds: 15,
  backoff: 1.5,
  maxSeconds: MAX_LIMIT_PAUSE_MS / 1000,
  attempts: 1500,
};

/**
 * For steps during which leases are open and that do not close them. With a minute in each attempt, 20 minutes at most.
 * Then the leases are checked in, and the next run delivers.
 */
export const OPEN_LIMIT_RETRY: RetryPolicy = { ...LIMIT_RETRY, attempts: 10 };

/**
 * For the steps that open the first leases of a batch or of a checkout. They wait before they open them, but an attempt
 * that died can have left some open. Five hours at most, with a minute in each attempt. Even with jitter they last
 * longer than an hour, because a PRA or RS site limits the calls of an hour.
 */
export const OPENING_LIMIT_RETRY: RetryPolicy = { ...LIMIT_RETRY, attempts: 150 };

/** Maximum total wait of a policy in seconds. Jitter only shortens it. */
export const maxWaitSeconds = ({ firstSeconds, backoff, maxSeconds, attempts }: RetryPolicy): number =>
  Array.from({ length: attempts }, (_, attempt) => Math.min(maxSeconds, firstSeconds * backoff ** attempt)).reduce(
    (total, wait) => total + wait,
    0,
  );

/** Converts a policy to CDK's properties. */
export const asRetry = ({ errors, firstSeconds, backoff, maxSeconds, attempts }: RetryPolicy): RetryProps => ({
  errors: [...errors],
  interval: Duration.seconds(firstSeconds),
  backoffRate: backoff,
  maxDelay: Duration.seconds(maxSeconds),
  maxAttempts: attempts,
  jitterStrategy: JitterType.FULL,
});

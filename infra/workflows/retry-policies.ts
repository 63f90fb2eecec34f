import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';

/** How often a failed step is tried again. Every step may be repeated: each looks for what it did before it acts. */
export interface RetryPolicy {
  readonly errors: readonly string[];
  readonly firstSeconds: number;
  readonly backoff: number;
  readonly longestSeconds: number;
  readonly attempts: number;
}

/** Our own errors that pass by themselves. The others are not retried by anything: see `docs/runbook.md`. */
const PASSING = ERROR_NAMES.filter(isRetryable);

/**
 * What Lambda says when the function did not get to say anything itself: a service error, throttling, a crash, out of
 * memory or time. Source: Step Functions developer guide, "Handling errors", and Lambda's runtime error names.
 */
const CRASHES = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Sandbox.Timedout',
  'States.Timeout',
];

/**
 * For every step but the check-in. Waits of 10, 20, 40 and 80 seconds: 2.5 minutes at most, which outlives a failover
 * of the vault. Whoever needs longer waits for the next scheduled run, and no credential is held open meanwhile.
 */
export const BRIEF: RetryPolicy = {
  errors: [...PASSING, ...CRASHES],
  firstSeconds: 10,
  backoff: 2,
  longestSeconds: 300,
  attempts: 4,
};

/**
 * For the check-in, because a request left open is the worst outcome. Waits of 10, 20, 40, 80, 160 and then eight times
 * 300 seconds: 45 minutes at most, which outlives a restart of the vault. After that `reap` goes on trying.
 */
export const PATIENT: RetryPolicy = { ...BRIEF, attempts: 13 };

/** The longest that a policy waits altogether, in seconds; jitter only shortens it. */
export const longestWaitSeconds = ({ firstSeconds, backoff, longestSeconds, attempts }: RetryPolicy): number =>
  Array.from({ length: attempts }, (_, attempt) => Math.min(longestSeconds, firstSeconds * backoff ** attempt)).reduce(
    (total, wait) => total + wait,
    0,
  );

/** A policy as CDK takes it. */
export const asRetry = ({ errors, firstSeconds, backoff, longestSeconds, attempts }: RetryPolicy): RetryProps => ({
  errors: [...errors],
  interval: Duration.seconds(firstSeconds),
  backoffRate: backoff,
  maxDelay: Duration.seconds(longestSeconds),
  maxAttempts: attempts,
  jitterStrategy: JitterType.FULL,
});

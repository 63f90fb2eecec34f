import { setTimeout as sleepFor } from 'node:timers/promises';
import type { FinalizeRequestMiddleware, MiddlewareStack } from '@smithy/types';
import { RelayError } from '#shared/errors.ts';
import type { StorePace } from '#shared/limits/store-pace.ts';
import { RESERVED_MS } from '#shared/limits/waits.ts';

const MAX_BACKOFF_MS = 5000;

/** Pace and time of the calls of one invocation. */
export interface PacedCalls {
  /** Undefined if writes are not paced. */
  readonly pace: StorePace | undefined;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** Called for each attempt of a call. */
  readonly onCall: () => void;
  /** The following are replaced only in tests. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

interface PacedService {
  /** Display name, such as `Secrets Manager`. */
  readonly service: string;
  /** Quotas that calls count against, by command. The relay keeps the pace of each separately. */
  readonly quotas: Readonly<Record<string, string>>;
  /** True if an error of the SDK is a refusal because of a quota on calls. */
  readonly isThrottled: (thrown: unknown) => boolean;
}

/**
 * Makes a client keep the pace of its store, and wait out throttling.
 *
 * The SDK repeats calls that fail for other reasons, three times at most (its standard mode). It would repeat a
 * throttled call within a second, at its own pace, and then give up. Here, inside the SDK's attempts, a throttled call
 * slows the store down and waits for its next turn until the invocation ends. A throttled call had no effect.
 */
export const paceCalls = <Input extends object, Output extends object>(
  { middlewareStack }: { readonly middlewareStack: MiddlewareStack<Input, Output> },
  { service, quotas, isThrottled }: PacedService,
  { pace, remainingMs, onCall, sleep = sleepFor, random = Math.random }: PacedCalls,
): void => {
  const middleware: FinalizeRequestMiddleware<Input, Output> = (next, context) => async (args) => {
    const command = context.commandName ?? '';
    const quota = Object.hasOwn(quotas, command) ? quotas[command] : undefined;
    for (let attempt = 1; ; attempt++) {
      if (quota !== undefined) await pace?.take(quota);
      onCall();
      try {
        return await next(args);
      } catch (error) {
        const backoffMs = random() * Math.min(MAX_BACKOFF_MS, 200 * 2 ** attempt);
        if (!isThrottled(error)) throw error;
        if (backoffMs > remainingMs() - RESERVED_MS) throw stillThrottled(service, command, quota !== undefined, error);
        if (quota !== undefined) await pace?.slow(quota);
        await sleep(backoffMs);
      }
    }
  };
  middlewareStack.addRelativeTo(middleware, {
    relation: 'after',
    toMiddleware: 'retryMiddleware',
    name: 'paceMiddleware',
    override: true,
  });
};

/** Not an error of the SDK, which would repeat the call. */
const stillThrottled = (service: string, command: string, isWrite: boolean, cause: unknown): RelayError => {
  const next = isWrite ? 'The next run delivers the item' : 'The next run tries again';
  const slower = isWrite ? ', or lower writesPerSecond of the store in relay.yaml' : '';
  return new RelayError(
    'LimitReached',
    `${service}: ${command === '' ? 'A call' : command.replace(/Command$/, '')} was throttled until the function had to end. ${next}. Check which other clients of the AWS account use the quotas of ${service}${slower}.`,
    { cause },
  );
};

/** Asks the delivery between the write's turn and its first byte, because the wait for a turn can take minutes. */
export const askBefore = <Input extends object, Output extends object, Command extends Write<Input, Output>>(
  command: Command & Write<Input, Output>,
  beforeWrite: (() => Promise<void>) | undefined,
): Command => {
  if (beforeWrite === undefined) return command;
  command.middlewareStack.add(
    (next) => async (args) => {
      await beforeWrite();
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'high', name: 'beforeWriteMiddleware' },
  );
  return command;
};

interface Write<Input extends object, Output extends object> {
  readonly middlewareStack: MiddlewareStack<Input, Output>;
}

import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { requireLoopback } from '../environment.ts';
import { failure, type InvocationResult } from './protocol.ts';
import { type FunctionDefinition, startWarmCopy, type WarmCopy } from './warm-copy.ts';

/** Lambda's limit for the payload of a synchronous invocation and for its response, in bytes. */
const PAYLOAD_LIMIT = 6_291_556;

/** The functions of the template. Each copy runs in its own thread. */
export interface Functions {
  has(nameOrArn: string): boolean;
  /** Invokes a function with a JSON payload. An error of the function is a result, not an exception. */
  invoke(nameOrArn: string, payload: string): Promise<InvocationResult>;
  /** Terminates every copy of a function immediately, like a crash. */
  kill(nameOrArn: string): Promise<void>;
  close(): Promise<void>;
}

export interface FunctionsOptions {
  readonly definitions: readonly FunctionDefinition[];
  readonly endpoint: string;
  readonly clock: Clock;
  /** Directory of the logs, one file for each function. */
  readonly logDirectory: string;
  /** Maximum number of running invocations of all functions. Default: unlimited. */
  readonly maxConcurrent?: number;
}

export const createFunctions = ({
  definitions,
  endpoint,
  clock,
  logDirectory,
  maxConcurrent = Number.POSITIVE_INFINITY,
}: FunctionsOptions): Functions => {
  requireLoopback(endpoint, "The functions' endpoint");
  mkdirSync(logDirectory, { recursive: true });
  const pools = definitions.map((definition) => createPool(definition, endpoint, clock, logDirectory));
  const find = (nameOrArn: string) =>
    pools.find(({ definition }) => definition.name === nameOrArn || definition.arn === nameOrArn);
  const get = (nameOrArn: string) => {
    const pool = find(nameOrArn);
    if (pool === undefined) throw new Error(`Function not found: ${nameOrArn}`);
    return pool;
  };

  let running = 0;

  return {
    has: (nameOrArn) => find(nameOrArn) !== undefined,
    async invoke(nameOrArn, payload) {
      if (running >= maxConcurrent) return failure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
      running++;
      try {
        return await get(nameOrArn).invoke(payload);
      } finally {
        running--;
      }
    },
    kill: (nameOrArn) => get(nameOrArn).kill(),
    async close() {
      await Promise.all(pools.map((pool) => pool.kill()));
    },
  };
};

interface Pool {
  readonly definition: FunctionDefinition;
  invoke(payload: string): Promise<InvocationResult>;
  kill(): Promise<void>;
}

const createPool = (definition: FunctionDefinition, endpoint: string, clock: Clock, logDirectory: string): Pool => {
  const idle: WarmCopy[] = [];
  const copies = new Set<WarmCopy>();
  // Synchronous, so that the logs are complete when they are searched.
  const log = (printed: Buffer) => appendFileSync(join(logDirectory, `${definition.name}.log`), printed);

  const takeCopy = (): WarmCopy => {
    for (let copy = idle.pop(); copy !== undefined; copy = idle.pop()) if (copy.alive) return copy;
    const copy = startWarmCopy({ definition, endpoint, clockOffset: clock.offset, log });
    copies.add(copy);
    return copy;
  };
  const release = (copy: WarmCopy) => {
    if (copy.alive) idle.push(copy);
    else void copy.kill().then(() => copies.delete(copy));
  };
  const kill = async () => {
    await Promise.all([...copies].map((copy) => copy.kill()));
  };

  return {
    definition,
    kill,
    async invoke(payload) {
      if (Buffer.byteLength(payload) > PAYLOAD_LIMIT) {
        return failure('Lambda.RequestTooLargeException', `Request must be smaller than ${PAYLOAD_LIMIT} bytes`);
      }
      const copy = takeCopy();
      try {
        const result = await copy.invoke({ requestId: randomUUID(), payload, timeoutMs: definition.timeoutMs });
        return limitAnswer(result);
      } finally {
        release(copy);
      }
    },
  };
};

const limitAnswer = (result: InvocationResult): InvocationResult =>
  result.ok && Buffer.byteLength(result.payload) > PAYLOAD_LIMIT
    ? failure(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${PAYLOAD_LIMIT} bytes).`,
      )
    : result;

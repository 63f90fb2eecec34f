import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { requireLoopback } from '../environment.ts';
import { failure, type InvocationResult } from './protocol.ts';
import { type FunctionDefinition, startWarmCopy, type WarmCopy } from './warm-copy.ts';

/** Lambda's limit for the payload of a synchronous invocation and for its answer, in bytes. */
const PAYLOAD_LIMIT = 6_291_556;

/** The functions of the template, each in threads of its own. */
export interface Functions {
  has(nameOrArn: string): boolean;
  /** Runs a function, by name or ARN, with a JSON text. An error of the function is a result; nothing is thrown for it. */
  invoke(nameOrArn: string, payload: string): Promise<InvocationResult>;
  /** Ends every copy of a function in the middle of whatever it is doing, as a crash would. */
  kill(nameOrArn: string): Promise<void>;
  close(): Promise<void>;
}

export interface FunctionsOptions {
  readonly definitions: readonly FunctionDefinition[];
  readonly endpoint: string;
  readonly clock: Clock;
  /** Everything that the functions print ends up here, a file for each. */
  readonly logDirectory: string;
}

export const createFunctions = ({ definitions, endpoint, clock, logDirectory }: FunctionsOptions): Functions => {
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

  return {
    has: (nameOrArn) => find(nameOrArn) !== undefined,
    invoke: (nameOrArn, payload) => get(nameOrArn).invoke(payload),
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
  // At once, so that whoever searches the logs afterwards finds all of it.
  const log = (printed: Buffer) => appendFileSync(join(logDirectory, `${definition.name}.log`), printed);

  const takeCopy = (): WarmCopy => {
    for (let copy = idle.pop(); copy !== undefined; copy = idle.pop()) if (copy.alive) return copy;
    const copy = startWarmCopy({ definition, endpoint, clockOffset: clock.offset, log });
    copies.add(copy);
    return copy;
  };
  const giveBack = (copy: WarmCopy) => {
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
        giveBack(copy);
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

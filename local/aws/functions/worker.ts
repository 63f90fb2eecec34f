import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { Context } from 'aws-lambda';
import { followClock } from '../clock.ts';
import type { FunctionFailure, Invocation, InvocationResult, WorkerMessage, WorkerStart } from './protocol.ts';

/** The thread of one warm copy of a function: Lambda's Node runtime over messages. */

type Handler = (event: unknown, context: Context) => unknown;

const start: WorkerStart = workerData;
const say = (message: WorkerMessage) => parentPort?.postMessage(message);

/** Describes an error like Lambda's Node runtime: the name is the type, and the message is unchanged. */
const describeThrown = (thrown: unknown): FunctionFailure =>
  thrown instanceof Error
    ? { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') }
    : { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };

const contextOf = ({ requestId, timeoutMs }: Invocation): Context => {
  const deadline = performance.now() + timeoutMs;
  const refuse = () => {
    throw new Error('Local mode does not support callbacks. Return a promise.');
  };
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: false,
    functionName: start.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: start.functionArn,
    logGroupName: `/aws/lambda/${start.functionName}`,
    logStreamName: 'local',
    memoryLimitInMB: String(start.memoryMb),
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
    done: refuse,
    fail: refuse,
    succeed: refuse,
  };
};

const answer = async (handler: Handler, invocation: Invocation): Promise<void> => {
  const result = await run(handler, invocation);
  // The thread can be terminated after its answer, so its output must be flushed before.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  say({ kind: 'answer', result });
};

const run = async (handler: Handler, invocation: Invocation): Promise<InvocationResult> => {
  try {
    const result = await handler(JSON.parse(invocation.payload), contextOf(invocation));
    return { ok: true, payload: JSON.stringify(result) ?? 'null' };
  } catch (thrown) {
    return { ok: false, failure: describeThrown(thrown) };
  }
};

const flush = (stream: NodeJS.WriteStream): Promise<void> => new Promise((done) => stream.write('', () => done()));

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

const load = async (): Promise<Handler> => {
  const bundle: Record<string, unknown> = await import(pathToFileURL(start.entryFile).href);
  const handler = bundle[start.exportName];
  if (isHandler(handler)) return handler;
  throw Object.assign(new Error(`${start.exportName} is undefined or not exported`), {
    name: 'Runtime.HandlerNotFound',
  });
};

followClock(start.clockOffset);
try {
  const handler = await load();
  parentPort?.on('message', (invocation: Invocation) => void answer(handler, invocation));
  say({ kind: 'ready' });
} catch (thrown) {
  say({ kind: 'broken', failure: describeThrown(thrown) });
}

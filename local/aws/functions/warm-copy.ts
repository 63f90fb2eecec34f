import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { awsEnvironment } from '../environment.ts';
import { failure, type Invocation, type InvocationResult, type WorkerMessage, type WorkerStart } from './protocol.ts';

/** A function as the template describes it. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** Directory of its bundle. */
  readonly codeDirectory: string;
  /** `<file>.<export>`, in Lambda's format. */
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** One warm copy of a function: a thread that handles one invocation at a time. */
export interface WarmCopy {
  readonly alive: boolean;
  invoke(invocation: Invocation): Promise<InvocationResult>;
  /**
   * Terminates the thread. A running invocation fails with `Runtime.ExitError`. Resolves when its output is in the log.
   */
  kill(): Promise<void>;
}

export interface WarmCopyOptions {
  readonly definition: FunctionDefinition;
  readonly endpoint: string;
  readonly clockOffset: SharedArrayBuffer;
  /** Receives the output of the function. */
  readonly log: (printed: Buffer) => void;
}

/** Start script of all threads, compiled once. Stripping its types would take a quarter of a thread's start. */
let starter: URL | undefined;
const starterUrl = (): URL => {
  starter ??= new URL(`data:text/javascript;base64,${bundleStarter().toString('base64')}`);
  return starter;
};

const bundleStarter = (): Buffer => {
  const entry = join(import.meta.dirname, 'worker.ts');
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  return Buffer.from(outputFiles[0]?.contents ?? []);
};

export const startWarmCopy = ({ definition, endpoint, clockOffset, log }: WarmCopyOptions): WarmCopy => {
  const worker = new Worker(starterUrl(), {
    workerData: startOf(definition, clockOffset),
    env: environmentOf(definition, endpoint),
    resourceLimits: { maxOldGenerationSizeMb: definition.memoryMb },
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  worker.stdout.on('data', log);
  worker.stderr.on('data', log);

  let alive = true;
  let ended: InvocationResult | undefined;
  let settle: ((result: InvocationResult) => void) | undefined;
  let lastError: Error | undefined;
  const ready = Promise.withResolvers<void>();

  const die = (result: InvocationResult) => {
    alive = false;
    ended ??= result;
    settle?.(ended);
    ready.resolve();
  };
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'ready') ready.resolve();
    else if (message.kind === 'answer') settle?.(message.result);
    else {
      die({ ok: false, failure: message.failure });
      void worker.terminate();
    }
  });
  worker.on('error', (error) => {
    lastError = error;
  });
  worker.on('exit', (code) => die(exitFailure(code, lastError)));

  const run = (invocation: Invocation): Promise<InvocationResult> => {
    const answered = Promise.withResolvers<InvocationResult>();
    settle = answered.resolve;
    worker.postMessage(invocation);
    return answered.promise;
  };
  const timeOut = async (invocation: Invocation, signal: AbortSignal): Promise<InvocationResult> => {
    await setTimeout(invocation.timeoutMs, undefined, { signal });
    alive = false;
    void worker.terminate();
    return timeoutFailure(invocation);
  };

  return {
    get alive() {
      return alive;
    },
    async invoke(invocation) {
      // As on AWS, loading does not count towards the timeout.
      await ready.promise;
      if (ended !== undefined) return ended;
      const done = new AbortController();
      try {
        return await Promise.race([run(invocation), timeOut(invocation, done.signal)]);
      } finally {
        done.abort();
        settle = undefined;
      }
    },
    async kill() {
      alive = false;
      await worker.terminate();
      await Promise.all([finished(worker.stdout), finished(worker.stderr)]);
    },
  };
};

const startOf = (definition: FunctionDefinition, clockOffset: SharedArrayBuffer): WorkerStart => {
  const [file, exportName] = definition.handler.split('.');
  if (file === undefined || exportName === undefined)
    throw new Error(`The handler of ${definition.name} must have the form <file>.<export>.`);
  return {
    entryFile: `${definition.codeDirectory}/${file}.mjs`,
    exportName,
    clockOffset,
    functionName: definition.name,
    functionArn: definition.arn,
    memoryMb: definition.memoryMb,
  };
};

/** The complete environment of the function. Nothing is inherited from the developer's shell. */
const environmentOf = (definition: FunctionDefinition, endpoint: string): Record<string, string> => ({
  ...definition.environment,
  ...awsEnvironment(endpoint),
  // The AWS side identifies the caller by the access key.
  AWS_ACCESS_KEY_ID: definition.name,
  AWS_LAMBDA_FUNCTION_NAME: definition.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  LAMBDA_TASK_ROOT: definition.codeDirectory,
  _HANDLER: definition.handler,
  TZ: 'UTC',
});

const timeoutFailure = ({ requestId, timeoutMs }: Invocation): InvocationResult =>
  failure(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  );

const exitFailure = (code: number, error: Error | undefined): InvocationResult =>
  failure(
    'Runtime.ExitError',
    error === undefined
      ? `Runtime exited with error: exit status ${code}`
      : `Runtime exited with error: ${error.name} ${error.message}`,
  );

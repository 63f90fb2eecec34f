import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClock } from '#local/aws/clock.ts';
import { createFunctions, type Functions } from '#local/aws/functions/functions.ts';
import type { FunctionDefinition } from '#local/aws/functions/warm-copy.ts';

const ENDPOINT = 'http://127.0.0.1:9';

let functions: Functions | undefined;
afterEach(() => functions?.close());

/** Functions of one bundle with this source. */
const run = (source: string, options: Partial<FunctionDefinition> = {}, maxConcurrent?: number) => {
  const directory = mkdtempSync(join(tmpdir(), 'functions-'));
  writeFileSync(join(directory, 'index.mjs'), source);
  const definition: FunctionDefinition = {
    name: 'step',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:step',
    codeDirectory: directory,
    handler: 'index.handler',
    timeoutMs: 10_000,
    memoryMb: 128,
    environment: {},
    ...options,
  };
  const clock = createClock();
  functions = createFunctions({
    definitions: [definition],
    endpoint: ENDPOINT,
    clock,
    logDirectory: directory,
    ...(maxConcurrent !== undefined && { maxConcurrent }),
  });
  const { invoke, kill, close } = functions;
  return {
    clock,
    invoke: (payload: unknown = {}) => invoke('step', JSON.stringify(payload)),
    kill: () => kill('step'),
    readLog: async () => {
      await close();
      return readFileSync(join(directory, 'step.log'), 'utf8');
    },
  };
};

const answered = (value: unknown) => ({ ok: true, payload: JSON.stringify(value) });
const failed = (errorType: string, errorMessage: unknown = expect.any(String)) => ({
  ok: false,
  failure: { errorType, errorMessage, trace: expect.any(Array) },
});

describe('a function on this machine', () => {
  it('receives its event and returns its result', async () => {
    const { invoke } = run('export const handler = async ({ a }) => ({ twice: a * 2 });');
    expect(await invoke({ a: 21 })).toEqual(answered({ twice: 42 }));
  });

  it('returns null if it returns nothing', async () => {
    const { invoke } = run('export const handler = async () => {};');
    expect(await invoke()).toEqual(answered(null));
  });

  it('keeps the name of the error that it throws', async () => {
    const { invoke } = run(
      `class Named extends Error { name = 'SignInRefused' }
       export const handler = async () => { throw new Named('not today') };`,
    );
    expect(await invoke()).toEqual(failed('SignInRefused', 'not today'));
  });

  it('reports a thrown value that is not an error by its type', async () => {
    const { invoke } = run('export const handler = async () => { throw 42 };');
    expect(await invoke()).toEqual(failed('number', '42'));
  });

  it('is stopped at its timeout, and starts again', async () => {
    const { invoke } = run('export const handler = ({ hang }) => hang ? new Promise(() => {}) : "alive";', {
      timeoutMs: 200,
    });
    expect(await invoke({ hang: true })).toEqual(
      failed('Sandbox.Timedout', expect.stringMatching(/Task timed out after 0\.20 seconds$/)),
    );
    expect(await invoke({ hang: false })).toEqual(answered('alive'));
  });

  it('is stopped at its timeout even if it blocks its thread', async () => {
    const { invoke } = run('export const handler = () => { for (;;); };', { timeoutMs: 200 });
    expect(await invoke()).toEqual(failed('Sandbox.Timedout'));
  });

  it('that exits is reported like in Lambda', async () => {
    const { invoke } = run('export const handler = () => process.exit(3);');
    expect(await invoke()).toEqual(failed('Runtime.ExitError', 'Runtime exited with error: exit status 3'));
  });

  it('that runs out of memory is reported as exited', async () => {
    const { invoke } = run(
      'export const handler = () => { const all = []; for (;;) all.push(new Array(1e5).fill(0).map(String)); };',
      { memoryMb: 32 },
    );
    expect(await invoke()).toEqual(failed('Runtime.ExitError'));
  });

  it('that cannot be loaded fails every invocation', async () => {
    const { invoke } = run('throw new TypeError("at start");');
    expect(await invoke()).toEqual(failed('TypeError', 'at start'));
    expect(await invoke()).toEqual(failed('TypeError', 'at start'));
  });

  it('without the handler of the template is reported as such', async () => {
    const { invoke } = run('export const other = () => 1;');
    expect(await invoke()).toEqual(failed('Runtime.HandlerNotFound', 'handler is undefined or not exported'));
  });

  it('stays warm between invocations, and shares nothing between concurrent ones', async () => {
    const { invoke } = run(
      `let count = 0;
       export const handler = async () => { count += 1; await new Promise((go) => setTimeout(go, 100)); return count; };`,
    );
    expect(await invoke()).toEqual(answered(1));
    const together = await Promise.all([invoke(), invoke()]);
    expect(together).toEqual(expect.arrayContaining([answered(2), answered(1)]));
  });

  it('that is killed during an invocation fails as a crash, and starts again', async () => {
    const { invoke, kill } = run('export const handler = ({ hang }) => hang ? new Promise(() => {}) : "alive";');
    await invoke();
    const hanging = invoke({ hang: true });
    await kill();
    expect(await hanging).toEqual(failed('Runtime.ExitError'));
    expect(await invoke()).toEqual(answered('alive'));
  });

  it('has its own environment and the local endpoint, and no variables of the shell', async () => {
    vi.stubEnv('LEAKED_FROM_THE_SHELL', 'yes');
    const { invoke } = run('export const handler = async () => process.env;', { environment: { RELAY_ID: 'r' } });
    const result = await invoke();
    vi.unstubAllEnvs();
    const environment: unknown = JSON.parse(result.ok ? result.payload : '{}');
    expect(environment).toMatchObject({
      RELAY_ID: 'r',
      AWS_ENDPOINT_URL: ENDPOINT,
      AWS_ACCESS_KEY_ID: 'step',
      AWS_LAMBDA_FUNCTION_NAME: 'step',
    });
    expect(environment).not.toHaveProperty('LEAKED_FROM_THE_SHELL');
    expect(environment).not.toHaveProperty('PATH');
  });

  it('follows a clock that is moved, even while it is warm', async () => {
    const { invoke, clock } = run(
      'export const handler = async () => [Date.now(), new Date().getTime(), new Date(0).getTime(), new Date() instanceof Date];',
    );
    await invoke();
    clock.advance(3_600_000);
    const result = await invoke();
    const [now, date, zero, isDate]: unknown[] = JSON.parse(result.ok ? result.payload : '[]');
    expect(Number(now) - Date.now()).toBeGreaterThan(3_590_000);
    expect(Number(date) - Date.now()).toBeGreaterThan(3_590_000);
    expect([zero, isDate]).toEqual([0, true]);
  });

  it('can read its remaining time', async () => {
    const { invoke } = run('export const handler = async (_, context) => context.getRemainingTimeInMillis();', {
      timeoutMs: 5000,
    });
    const result = await invoke();
    const left = Number(result.ok && result.payload);
    expect(left).toBeGreaterThan(4000);
    expect(left).toBeLessThanOrEqual(5000);
  });

  it('has its whole output in its log', async () => {
    const { invoke, readLog } = run(
      'export const handler = async () => { console.log("out"); console.error("err"); process.stdout.write("raw"); };',
    );
    await invoke();
    const log = await readLog();
    expect(log).toContain('out\n');
    expect(log).toContain('err\n');
    expect(log).toContain('raw');
  });

  it('is not invoked beyond the concurrency that the account allows', async () => {
    const { invoke } = run('export const handler = async () => {};', {}, 2);
    const results = await Promise.all([invoke(), invoke(), invoke()]);
    expect(results[2]).toEqual(failed('Lambda.TooManyRequestsException'));
    expect(results.slice(0, 2)).toEqual([answered(null), answered(null)]);
    expect(await invoke()).toEqual(answered(null));
  });

  it('can neither receive nor return more than Lambda allows', async () => {
    const { invoke } = run('export const handler = async ({ size }) => "x".repeat(size ?? 1);');
    expect(await invoke({ filler: 'x'.repeat(6_291_556) })).toEqual(failed('Lambda.RequestTooLargeException'));
    expect(await invoke({ size: 6_291_556 })).toEqual(failed('Function.ResponseSizeTooLarge'));
  });
});

describe('functions', () => {
  it.each(['', 'https://secretsmanager.us-east-1.amazonaws.com', 'http://10.0.0.1'])(
    'refuse to start against %j',
    (endpoint) => {
      const logDirectory = mkdtempSync(join(tmpdir(), 'functions-'));
      expect(() => createFunctions({ definitions: [], endpoint, clock: createClock(), logDirectory })).toThrow(
        /Local mode/,
      );
    },
  );
});

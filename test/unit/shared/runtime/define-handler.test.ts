import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { Secret } from '#shared/secret.ts';

// Otherwise the logger bypasses the global console. It is created on import.
vi.hoisted(() => {
  process.env['POWERTOOLS_DEV'] = 'true';
});

const CANARY = 'canary-in-a-credential';
const step = {
  folder: 'sync/count',
  input: z.object({ run: z.string(), count: z.int() }),
  output: z.object({ count: z.int() }),
};
const lambda = { getRemainingTimeInMillis: () => 1234 };
const RUN = { workflow: 'sync', rule: 'databases', run: 'databases.1' };
const EVENT = { ...RUN, batch: 7, count: 1, order: { sync: 'databases' } };

describe('a handler', () => {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    for (const method of ['info', 'error', 'warn', 'debug', 'log'] as const) {
      vi.spyOn(console, method).mockImplementation((line: unknown) => void lines.push(String(line)));
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const handle = (run: () => Promise<{ count: number }>, event: unknown = EVENT) =>
    defineHandler(step, run)(event, lambda);
  const thrownBy = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

  it('passes the parsed input and the remaining time to the step', async () => {
    const run = vi.fn(async () => ({ count: 2 }));
    expect(await handle(run)).toEqual({ count: 2 });
    expect(run).toHaveBeenCalledWith({ run: 'databases.1', count: 1 }, { remainingMs: expect.any(Function) });
  });

  it('logs the step, the workflow, the rule, the run, the batch and its duration', async () => {
    await handle(async () => ({ count: 2 }));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { step: 'sync/count', ...RUN, batch: 7, durationMs: expect.any(Number) },
    ]);
  });

  it('logs no run for an invocation without one, not even the previous run', async () => {
    await handle(async () => ({ count: 2 }));
    await thrownBy(handle(async () => ({ count: 2 }), { Records: [] }));
    const [, second] = lines.map((line) => JSON.parse(line));
    expect(second).toMatchObject({ step: 'sync/count' });
    for (const key of ['workflow', 'rule', 'run', 'batch']) expect(second).not.toHaveProperty(key);
  });

  it('logs the run of a failed invocation, too', async () => {
    await thrownBy(handle(() => Promise.reject(new Error('no'))));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ step: 'sync/count', ...RUN, batch: 7, message: 'step failed' });
  });

  it('refuses an invalid input, and names the field', async () => {
    expect(await thrownBy(handle(async () => ({ count: 1 }), { run: 'x', count: CANARY }))).toMatchObject({
      name: 'ContractViolated',
      message: 'The input of sync/count has the wrong shape: expected a JSON number, found a JSON string at "count".',
    });
    expect(lines.join()).not.toContain(CANARY);
  });

  it('refuses an invalid output', async () => {
    expect(await thrownBy(handle(async () => ({ count: 1.5 })))).toMatchObject({ name: 'ContractViolated' });
  });

  it('rethrows an error under its name, which the workflow uses', async () => {
    const error = new RelayError('VaultUnavailable', 'The vault is away.');
    expect(await thrownBy(handle(() => Promise.reject(error)))).toMatchObject({
      name: 'VaultUnavailable',
      message: 'The vault is away.',
    });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ failure: { name: 'VaultUnavailable', retryable: true } });
  });

  it('escapes text of others, in its log and in the error that it rethrows', async () => {
    const error = new RelayError('VaultUnavailable', 'db\x9b2J\u202e\n01 is away.');
    const shown = 'db\\u{9B}2J\\u{202E}\\u{A}01 is away.';
    expect(await thrownBy(handle(() => Promise.reject(error)))).toMatchObject({ message: shown });
    expect(JSON.parse(lines[0] ?? '').failure.message).toBe(shown);
  });

  it.each<[string, () => unknown]>([
    ['an unknown error', () => new Error(`refused ${CANARY}`)],
    [
      'the cause of a known one',
      () => new RelayError('StoreDenied', 'no', { cause: new Error(CANARY, { cause: CANARY }) }),
    ],
    ['a value that is not an error', () => ({ value: CANARY })],
    ['a secret', () => new Secret(CANARY)],
    ['an error with more fields', () => Object.assign(new Error('x'), { body: CANARY, code: 'E1' })],
  ])('reveals nothing of %s', async (_what, thing) => {
    const thrown = await thrownBy(handle(() => Promise.reject(thing())));
    expect(thrown).toBeInstanceOf(RelayError);
    expect(inspect(thrown, { depth: null, showHidden: true }) + lines.join()).not.toContain(CANARY);
  });
});

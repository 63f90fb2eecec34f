import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AwsFault, headersOf } from '#test/support/faulty-aws.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';
import { type Call, openScene, type Scene, SERVICES, VALUE } from './scene.ts';

const PAGE = 'test/data/failure-modes.md';
/** Test data: the outcome of each fault, as documented on the page. */
const byService = tableBelow(PAGE, 'Calls to AWS');
const byCode = tableBelow(PAGE, 'What Secrets Manager refuses');

const ACTIONS = [
  'ListSecrets',
  'DescribeSecret',
  'CreateSecret',
  'PutSecretValue',
  'GetSecretValue',
  'UpdateSecretVersionStage',
  'RestoreSecret',
  'DeleteSecret',
] as const;

/** Contains the value: validation messages of AWS quote the rejected input. */
const REFUSAL = `1 validation error detected: Value '${VALUE}' at 'secretString' is not allowed`;

const send = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers }).end(body);
};
const status =
  (code: number): AwsFault =>
  (response) =>
    send(response, code, '');
const coded =
  (code: string): AwsFault =>
  (response) =>
    send(response, 400, JSON.stringify({ __type: code, message: REFUSAL }), { 'x-amzn-errortype': code });
/** The service's own answer, damaged on the way. */
const damaged =
  (damage: (response: ServerResponse, text: string) => void): AwsFault =>
  async (response, passOn) => {
    const answer = await passOn();
    response.writeHead(answer.status, headersOf(answer));
    damage(response, await answer.text());
  };
const TEN_MINUTES_MS = 600_000;
const skewed =
  (ms: number): AwsFault =>
  async (response, passOn) => {
    const answer = await passOn();
    response.writeHead(answer.status, { ...headersOf(answer), date: new Date(Date.now() + ms).toUTCString() });
    response.end(await answer.text());
  };

const FAULTS: Readonly<Record<string, AwsFault>> = {
  ...Object.fromEntries([400, 401, 403, 404, 409, 410, 415, 429, 500, 503].map((code) => [String(code), status(code)])),
  'connection refused': () => {},
  'clock ten minutes ahead': skewed(TEN_MINUTES_MS),
  'clock ten minutes behind': skewed(-TEN_MINUTES_MS),
  'reset before the effect': (response) => void response.socket?.resetAndDestroy(),
  'reset after the effect': async (response, passOn) => {
    await passOn();
    response.socket?.resetAndDestroy();
  },
  'answer cut off': async (response, passOn) => {
    const answer = await passOn();
    const text = `${await answer.text()} `;
    response.writeHead(answer.status, { ...headersOf(answer), 'content-length': text.length });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  },
  'no answer': () => {},
  'answer without an end': damaged((response) => {
    const timer = setInterval(() => response.write(' '), 5);
    response.once('close', () => clearInterval(timer));
  }),
  // The SDK has no size cap: it reads the whole body.
  'answer too large': damaged((response) => response.end(Buffer.alloc(1_000_000, ' '))),
  'login page of a proxy': (response) =>
    send(response, 200, '<!DOCTYPE html><html>Sign in</html>', { 'content-type': 'text/html' }),
  'invalid JSON': damaged((response) => response.end('{"SecretString": 12')),
  'wrong shape': damaged((response) => response.end('{"Unexpected":[true]}')),
  'wrong charset': damaged((response, text) => response.end(Buffer.from(text, 'utf16le'))),
};

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const patient = AbortSignal.timeout.bind(AbortSignal);

const outcomeUnder = async (call: Call, name: string, fault: AwsFault): Promise<string> => {
  call.prepare?.();
  scene.aws.fail(call.action, fault);
  const isSlow = name === 'no answer' || name === 'answer without an end';
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => patient(isSlow ? 100 : ms));
  try {
    if (name === 'connection refused') return await scene.aws.whileDown(() => scene.outcomeOf(call.run));
    return await scene.outcomeOf(call.run);
  } finally {
    timeout.mockRestore();
    scene.aws.fail(call.action, undefined);
  }
};

describe('the page about failures', () => {
  it('has a row for every fault, a column for every service, and no other', () => {
    expect([...byService.rows.keys()].toSorted()).toEqual(Object.keys(FAULTS).toSorted());
    expect(byService.columns).toEqual(SERVICES);
    expect(byCode.columns).toEqual(ACTIONS);
  });
});

describe('a fault in a call to AWS', () => {
  it.each(
    [...byService.rows].flatMap(([name, outcomes]) =>
      SERVICES.map((service, index) => [name, service, outcomes[index] ?? ''] as const),
    ),
  )('%s: every call to %s ends as %s', async (name, service, outcome) => {
    const fault = FAULTS[name];
    if (fault === undefined) throw new Error(`The campaign has no fault named "${name}".`);
    for (const call of scene.calls.filter((one) => one.service === service)) {
      const ended = await outcomeUnder(call, name, fault);
      expect.soft(`${call.action} to ${call.purpose}: ${ended}`).toBe(`${call.action} to ${call.purpose}: ${outcome}`);
      expect(await scene.outcomeOf(call.again ?? call.run)).toBe('done');
      call.check?.();
    }
  });

  it.each(
    [...byCode.rows].flatMap(([code, outcomes]) =>
      ACTIONS.map((action, index) => [code, action, outcomes[index] ?? ''] as const),
    ),
  )('%s for %s ends as %s', async (code, action, outcome) => {
    const call = scene.calls.find((one) => one.action === action);
    if (call === undefined) throw new Error(`Nothing calls ${action}.`);
    expect(await outcomeUnder(call, code, coded(code.replaceAll('`', '')))).toBe(outcome);
  });
});

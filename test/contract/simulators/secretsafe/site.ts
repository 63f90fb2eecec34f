import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import {
  type SecretSafeOptions,
  type SecretSafeSimulator,
  startSecretSafe,
} from '#local/simulators/secretsafe/server.ts';

export const START = Date.UTC(2026, 2, 1, 12);

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The parsed body, or undefined if it is not JSON. */
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TestServer {
  readonly simulator: SecretSafeSimulator;
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** Asks for a token with these fields in place of the usual ones. */
  askToken(fields?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A call of the API below `/api/public`, with a token. Fields that are a text are sent as they are. */
  call(method: string, path: string, fields?: unknown): Promise<Answer>;
  get(path: string): Promise<Answer>;
  pass(ms: number): void;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The value of a property of an answer's body. */
export const field = (answer: Answer, name: string): unknown =>
  typeof answer.json === 'object' && answer.json !== null
    ? Object.entries(answer.json).find(([n]) => n === name)?.[1]
    : undefined;

/** The rows of a list. */
export const rows = (answer: Answer): readonly Record<string, unknown>[] => {
  const data = field(answer, 'data');
  if (!Array.isArray(data)) throw new Error(`The answer ${answer.status} is no list: ${answer.text.slice(0, 200)}`);
  return data;
};

/** A simulator on a clock that only the test moves, without limits, over plain HTTP; closed when the test ends. */
export const startServer = async ({ switches, ...options }: SecretSafeOptions = {}): Promise<TestServer> => {
  let clock = START;
  const simulator = await startSecretSafe({
    protocol: 'http',
    now: () => clock,
    switches: { throttling: 'off', ...switches },
    ...options,
  });
  const dispatcher = new Agent({ connect: { ca: simulator.caPem } });
  onTestFinished(async () => {
    await dispatcher.destroy();
    await simulator.close();
  });
  const send: TestServer['send'] = async (method, path, { headers = {}, body } = {}) => {
    // The types of undici know fewer methods than it sends.
    const sent = { method: method as 'GET', dispatcher, headers, body: body ?? null };
    const answer = await request(`${simulator.url}${path}`, sent);
    const text = await answer.body.text();
    return { status: answer.statusCode, text, json: parsed(text), headers: answer.headers };
  };
  const askToken: TestServer['askToken'] = (fields = {}) => {
    const { clientId, clientSecret } = simulator.apiKey();
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'api.organization',
      client_id: clientId,
      client_secret: clientSecret,
      ...fields,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return send('POST', '/identity/connect/token', { headers, body: form.toString() });
  };
  const token = simulator.signToken(['api.organization']);
  const call: TestServer['call'] = (method, path, fields) =>
    send(method, `/api/public${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(fields !== undefined && { body: typeof fields === 'string' ? fields : JSON.stringify(fields) }),
    });
  return {
    simulator,
    send,
    askToken,
    call,
    get: (path) => call('GET', path),
    pass(ms) {
      clock += ms;
    },
  };
};

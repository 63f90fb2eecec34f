import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import { DEFAULT_API_ACCOUNT, type SimulatedApiAccount } from '#local/simulators/sra/api-accounts.ts';
import { createFleet, type FleetAccount } from '#local/simulators/sra/fleet.ts';
import { type SraOptions, type SraSimulator, startSra } from '#local/simulators/sra/server.ts';

export const START = Date.UTC(2026, 2, 1, 12);
export const VAULT = '/api/config/v1/vault';

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

export interface TestSite {
  readonly simulator: SraSimulator;
  /** A call without a token unless `headers` has one. The path can be a whole URL. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** A token of an API account. */
  token(account?: SimulatedApiAccount): Promise<string>;
  /** Calls with a token of this API account, which is renewed when it expires. */
  caller(account?: SimulatedApiAccount): Promise<Caller>;
  pass(ms: number): void;
}

export interface Caller {
  get(path: string): Promise<Answer>;
  post(path: string, fields?: unknown): Promise<Answer>;
  call(method: string, path: string, fields?: unknown): Promise<Answer>;
}

/** Accounts of a fleet of 28, each with the overrides of a test. */
export const fleetOf = (...overrides: readonly Partial<FleetAccount>[]): FleetAccount[] =>
  createFleet({ accounts: overrides.length + 28, seed: 7 })
    .filter(({ kind }) => kind === 'plain')
    .slice(0, overrides.length)
    .map((account, index) => ({ ...account, ...overrides[index] }));

const TOKEN_MS = 3_600_000;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const basic = ({ clientId, clientSecret }: SimulatedApiAccount): string =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** A simulator on a clock that only the test moves, without a limit per second; closed when the test ends. */
export const startSite = async ({ switches, ...options }: SraOptions = {}): Promise<TestSite> => {
  let clock = START;
  const simulator = await startSra({
    now: () => clock,
    switches: { callsPerSecond: Infinity, ...switches },
    ...options,
  });
  const dispatcher = new Agent({ connect: { ca: simulator.caPem } });
  onTestFinished(async () => {
    await dispatcher.destroy();
    await simulator.close();
  });
  const send: TestSite['send'] = async (method, path, { headers = {}, body } = {}) => {
    const url = path.startsWith('/') ? `${simulator.url}${path}` : path;
    // The types of undici know fewer methods than it sends.
    const answer = await request(url, { method: method as 'GET', dispatcher, headers, body: body ?? null });
    const text = await answer.body.text();
    return { status: answer.statusCode, text, json: parsed(text), headers: answer.headers };
  };
  const token: TestSite['token'] = async (account = DEFAULT_API_ACCOUNT) => {
    const headers = { ...FORM, authorization: basic(account) };
    const answer = await send('POST', '/oauth2/token', { headers, body: 'grant_type=client_credentials' });
    if (answer.status !== 200) throw new Error(`The token call answered ${answer.status}.`);
    return (answer.json as { access_token: string }).access_token;
  };
  return {
    simulator,
    send,
    token,
    async caller(account) {
      let authorization = `Bearer ${await token(account)}`;
      let issuedAt = clock;
      const call: Caller['call'] = async (method, path, fields) => {
        if (clock - issuedAt >= TOKEN_MS) {
          authorization = `Bearer ${await token(account)}`;
          issuedAt = clock;
        }
        return send(method, path, {
          headers: { authorization },
          ...(fields !== undefined && { body: JSON.stringify(fields) }),
        });
      };
      return { call, get: (path) => call('GET', path), post: (path, fields) => call('POST', path, fields) };
    },
    pass(ms) {
      clock += ms;
    },
  };
};

import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import {
  type PasswordSafeOptions,
  type PasswordSafeSimulator,
  startPasswordSafe,
} from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, type SimulatedUser } from '#local/simulators/password-safe/users.ts';

export const APPLICATION = DEFAULT_APPLICATION;
export const APPROVER = DEFAULT_APPROVER;

export const MINUTE_MS = 60_000;
export const START = Date.UTC(2026, 2, 1, 12);

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** A caller that sends the same headers with every call. */
export interface Caller {
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, sent?: Sent): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, fields: unknown): Promise<Answer>;
  put(path: string, fields?: unknown): Promise<Answer>;
}

export interface TestSite {
  readonly simulator: PasswordSafeSimulator;
  readonly anonymous: Caller;
  /** A caller with these headers, for a session opened by hand. */
  withHeaders(headers: Record<string, string | string[]>): Caller;
  signIn(user?: SimulatedUser): Promise<Caller>;
  now(): number;
  pass(ms: number): void;
}

/** Plain accounts, each with the overrides of a test. */
export const fleetOf = (...overrides: readonly Partial<FleetAccount>[]): FleetAccount[] =>
  createFleet({ accounts: overrides.length + 24, seed: 7 })
    .filter((account) => account.kind === 'plain')
    .slice(0, overrides.length)
    .map((account, index) => ({ ...account, ...overrides[index] }));

/** The first account of this kind in a fleet. */
export const pickKind = (fleet: readonly FleetAccount[], kind: FleetAccount['kind']): FleetAccount => {
  const account = fleet.find((candidate) => candidate.kind === kind);
  if (account === undefined) throw new Error(`The fleet has no account of kind ${kind}.`);
  return account;
};

export const psAuth = ({ userName, apiKey }: SimulatedUser): string =>
  `PS-Auth key=${apiKey?.key}; runas=${userName};${apiKey?.password === undefined ? '' : ` pwd=[${apiKey.password}];`}`;

/** The cookies of an answer as one header. */
export const cookieOf = (answer: Answer): string =>
  [answer.headers['set-cookie'] ?? []]
    .flat()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

/** Fields of a View request for the account. */
export const requestFor = ({ systemId, accountId }: FleetAccount, more: Record<string, unknown> = {}) => ({
  SystemID: systemId,
  AccountID: accountId,
  DurationMinutes: 5,
  Reason: 'contract test',
  ...more,
});

export const makeCaller = (url: string, dispatcher: Agent, always: Record<string, string | string[]>): Caller => {
  const call: Caller['call'] = async (method, path, { headers, body } = {}) => {
    const answer = await request(`${url}/${path}`, {
      method,
      dispatcher,
      headers: { ...always, ...headers },
      body: body ?? null,
    });
    return { status: answer.statusCode, text: await answer.body.text(), headers: answer.headers };
  };
  const asJson = (fields: unknown): Sent => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  return {
    call,
    get: (path) => call('GET', path),
    post: (path, fields) => call('POST', path, asJson(fields)),
    put: (path, fields) => call('PUT', path, fields === undefined ? {} : asJson(fields)),
  };
};

/** A simulator on a clock that only the test moves; closed when the test ends. */
export const startSite = async (options: PasswordSafeOptions = {}): Promise<TestSite> => {
  let clock = START;
  const simulator = await startPasswordSafe({ now: () => clock, ...options });
  const agent = new Agent({ connect: { ca: simulator.caPem } });
  onTestFinished(async () => {
    await agent.destroy();
    await simulator.close();
  });
  const withHeaders: TestSite['withHeaders'] = (headers) => makeCaller(simulator.url, agent, headers);
  const anonymous = withHeaders({});
  return {
    simulator,
    anonymous,
    withHeaders,
    signIn: async (user = APPLICATION) => {
      const answer = await anonymous.call('POST', 'Auth/SignAppIn', { headers: { authorization: psAuth(user) } });
      if (answer.status !== 200) throw new Error(`Sign-in answered ${answer.status}.`);
      return withHeaders({ cookie: cookieOf(answer) });
    },
    now: () => clock,
    pass: (ms) => {
      clock += ms;
    },
  };
};

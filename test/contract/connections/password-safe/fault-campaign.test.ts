import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallKind } from '#local/simulators/password-safe/audit.ts';
import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';
import type { Calls } from './faulted-calls.ts';
import { type FaultedSite, openFaultedSite, TEN_MINUTES_MS, TOO_MANY_BYTES } from './faulted-site.ts';

/** Test data: the outcome of each fault, as documented on the page. */
const table = tableBelow('test/data/failure-modes.md', 'Calls to the vault');

const status = (code: number, more: Partial<Extract<FaultEffect, { type: 'status' }>> = {}): FaultEffect => ({
  type: 'status',
  status: code,
  ...more,
});
const special = (code: string): FaultEffect[] => [
  status(403, { body: code }),
  status(403, { body: JSON.stringify(code) }),
];
const PAGE = { body: '<!DOCTYPE html><html></html>', contentType: 'text/html' };

interface FaultCase {
  /** Forms of the fault. All have the same outcome. */
  readonly effects?: readonly FaultEffect[];
  /** Number of calls that it hits; all if omitted. */
  readonly times?: number;
  /** Event that affects the whole site. */
  readonly interruption?: (site: FaultedSite) => Promise<void> | void;
}

const skew =
  (ms: number): FaultCase['interruption'] =>
  ({ simulator }) => {
    simulator.switches.clockSkewMs = ms;
  };

const FAULT_CASES: Readonly<Record<string, FaultCase>> = {
  '302': { effects: [status(302, { headers: { Location: 'https://elsewhere.example/' } })] },
  '400': { effects: [status(400)] },
  '400, ticket refused': { effects: [status(400, { body: '"Ticket CHG-1 is not assigned to the requestor."' })] },
  '400, ticket server down': {
    effects: [status(400, { body: '"The ticket system could not be reached."' })],
  },
  '401, once': { effects: [status(401)], times: 1 },
  '401, each time': { effects: [status(401)] },
  '403': { effects: [status(403)] },
  '403 with 4031': { effects: special('4031') },
  '403 with 4032': { effects: special('4032') },
  '403 with 4033': { effects: special('4033') },
  '403 with 4034': { effects: special('4034') },
  '403 with 4035': { effects: special('4035') },
  '404': { effects: [status(404)] },
  '404, a page of the web server': { effects: [status(404, PAGE)] },
  '409': {
    effects: [
      status(409, { body: '"A conflicting request exists"' }),
      ...['4091', '"4091"'].map((body) => status(409, { body })),
    ],
  },
  '410': { effects: [status(410)] },
  '415': { effects: [status(415)] },
  '429': { effects: [{ type: 'rate-limited' }] },
  '429, `Retry-After: 5`': { effects: [{ type: 'rate-limited', retryAfter: '5' }] },
  '429, `Retry-After: 3600`': { effects: [{ type: 'rate-limited', retryAfter: '3600' }] },
  '500': { effects: [status(500), status(500, { when: 'after' })] },
  '503': { effects: [status(503), status(503, { when: 'after' })] },
  'connection refused': { interruption: (site) => site.shutDown() },
  'reset before the effect': { effects: [{ type: 'reset', when: 'before' }] },
  'reset after the effect': { effects: [{ type: 'reset', when: 'after' }] },
  'answer cut off': { effects: [{ type: 'cut-off' }] },
  'answer without an end': { effects: [{ type: 'endless' }] },
  'answer too large': { effects: [{ type: 'huge', bytes: TOO_MANY_BYTES }] },
  'login page of a proxy': { effects: [{ type: 'wrong-content-type' }] },
  'invalid JSON': { effects: [{ type: 'malformed' }] },
  'wrong shape': { effects: [{ type: 'wrong-shape' }] },
  'wrong charset': { effects: [{ type: 'wrong-charset' }] },
  'clock ten minutes ahead': { interruption: skew(TEN_MINUTES_MS) },
  'clock ten minutes behind': { interruption: skew(-TEN_MINUTES_MS) },
};

/** Columns of the page: the call of the client, and the simulator calls that the fault hits. */
const CALLS: Readonly<Record<string, readonly (readonly [keyof Calls, CallKind])[]>> = {
  token: [['token', 'token']],
  'sign in': [['signIn', 'signIn']],
  'sign out': [['signOut', 'signOut']],
  lists: [
    ['listAccounts', 'list'],
    ['listAliases', 'list'],
    ['listWorkgroups', 'workgroups'],
    ['listOpenRequests', 'listRequests'],
    ['findAccount', 'list'],
    ['testAccess', 'policies'],
  ],
  request: [['openRequest', 'request']],
  'request with a ticket': [['openTicketedRequest', 'request']],
  credential: [
    ['readCredential', 'credential'],
    ['readAliasCredential', 'credential'],
  ],
  'check in': [['checkIn', 'checkin']],
  session: [['openSession', 'session']],
  'by ISA role': [
    ['openIsaSession', 'session'],
    ['readAsIsa', 'credential'],
  ],
  sessions: [['listSessions', 'sessions']],
  'end a session': [['terminateSession', 'terminate']],
  'Secrets Safe': [
    ['listSecrets', 'secrets'],
    ['readFolder', 'secrets'],
    ['readSecret', 'secret'],
  ],
  'find an object': [['findObject', 'other']],
  'make an object': [['makeObject', 'provision']],
  'change an object': [['changeObject', 'provision']],
  'remove an object': [['removeObject', 'provision']],
  'end requests': [['endRequests', 'terminate']],
  'test an account': [['testCredential', 'provision']],
  'change a password': [['changeCredential', 'other']],
  'look at a change': [
    ['readChangeState', 'other'],
    ['readMapping', 'list'],
  ],
};

describe('the page about failures', () => {
  it('has a row for every fault, a column for every call, and no other', () => {
    expect([...table.rows.keys()].toSorted()).toEqual(Object.keys(FAULT_CASES).toSorted());
    expect(table.columns).toEqual(Object.keys(CALLS));
  });
});

const cases = Object.entries(FAULT_CASES).flatMap(([name, faultCase]) =>
  Object.entries(CALLS).flatMap(([column, calls], index) =>
    calls.map(
      ([call, kind]) => [name, call, table.rows.get(name)?.[index] ?? `no column ${column}`, kind, faultCase] as const,
    ),
  ),
);

describe('a fault in a call to the vault', () => {
  let shared: FaultedSite;
  beforeAll(async () => {
    shared = await openFaultedSite();
  });
  afterAll(() => shared.close());

  const outcomesOf = async (
    site: FaultedSite,
    call: keyof Calls,
    kind: CallKind,
    { effects = [], times, interruption }: FaultCase,
  ) => {
    if (interruption !== undefined) return new Set([await site.outcomeOf(call, kind, () => interruption(site))]);
    const outcomes = new Set<string>();
    for (const effect of effects)
      outcomes.add(await site.outcomeUnder(call, { kind, effect, times: times ?? Infinity }));
    return outcomes;
  };

  it.each(cases)('%s: %s ends as %s', async (_name, call, outcome, kind, faultCase) => {
    if (faultCase.interruption === undefined) {
      expect([...(await outcomesOf(shared, call, kind, faultCase))]).toEqual([outcome]);
      return;
    }
    const own = await openFaultedSite();
    try {
      expect([...(await outcomesOf(own, call, kind, faultCase))]).toEqual([outcome]);
    } finally {
      await own.close();
    }
  });

  it.each(cases.filter(([, , outcome]) => outcome.includes('×3')))(
    '%s: %s succeeds when the fault ends after two attempts',
    async (_name, call, _outcome, kind, { effects = [], interruption }) => {
      if (interruption !== undefined) return;
      for (const effect of effects) expect(await shared.outcomeUnder(call, { kind, effect, times: 2 })).toBe('done ×3');
    },
  );
});

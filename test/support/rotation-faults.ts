import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import { crash, type Scenario } from '#test/support/crash.ts';
import { aRotation, ROTATED } from '#test/support/rotation-scenarios.ts';

/** Attempts of an idempotent call. A fault that lasts as long fails the call. */
const ATTEMPTS = 3;

/** Each effect of the simulator that ends without a time-out. */
export const EFFECTS: Readonly<Record<string, FaultEffect>> = {
  'a reset before the effect': { type: 'reset', when: 'before' },
  'a reset after the effect': { type: 'reset', when: 'after' },
  'a truncated answer': { type: 'cut-off' },
  'an answer that is not JSON': { type: 'malformed' },
  'an answer of another shape': { type: 'wrong-shape' },
  'an answer in another charset': { type: 'wrong-charset' },
  'a huge answer': { type: 'huge', bytes: 20_000_000 },
  'a page of a proxy': { type: 'wrong-content-type' },
  'the status 429': { type: 'rate-limited', retryAfter: '1' },
  'the status 400': { type: 'status', status: 400 },
  'the status 401': { type: 'status', status: 401 },
  'the status 403': { type: 'status', status: 403 },
  'the status 404': { type: 'status', status: 404 },
  'the status 500': { type: 'status', status: 500 },
  'the status 500 after the effect': { type: 'status', status: 500, when: 'after' },
};

/** A rotation of one account. */
const scenario = aRotation({ select: { ...ROTATED, accounts: ROTATED.accounts.slice(0, 1) } });

/** A sign-out that fails leaves its session to the vault. */
const leaving = { moment: Number.POSITIVE_INFINITY, apply: async () => {}, leavesSessions: true };

const run = async (played: Scenario): Promise<readonly string[]> =>
  (await crash({ scenario: played, death: 'function', moments: [], disturbance: leaving })).broken;

/** Numbers of the calls to the vault, from 1, that the steps of the rotation make. */
export const callsOfRotation = async (): Promise<number[]> => {
  const numbers: number[] = [];
  await run({
    ...scenario,
    act: (relay, kill) => {
      const { audit } = relay.simulator;
      const from = audit.length;
      return scenario.act(relay, {
        ...kill,
        through: async (invocation) => {
          const first = audit.length - from + 1;
          const invoked = await kill.through(invocation);
          const made = Array.from({ length: audit.length - from + 1 - first }, (_, index) => first + index);
          if (invocation.step.startsWith('rotate/')) numbers.push(...made);
          return invoked;
        },
      });
    },
  });
  return numbers;
};

/**
 * Fails a call to the vault, counted from 1, and its repetitions by the client. Returns a sentence for each broken
 * promise.
 */
export const fail = (nth: number, effect: FaultEffect): Promise<readonly string[]> =>
  run({
    ...scenario,
    async prepare(relay) {
      await scenario.prepare(relay);
      relay.simulator.faults.add({ nth, times: ATTEMPTS, effect });
    },
    async act(relay, kill) {
      await scenario.act(relay, kill);
      relay.simulator.faults.clear();
    },
  });

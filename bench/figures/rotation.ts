import { RULE } from '#local/rotations/fleet.ts';
import { rotate } from '#local/rotations/rotate.ts';
import type { AuditEntry } from '#local/simulators/password-safe/audit.ts';
import { startWorld } from '#local/world.ts';
import type { Measured } from '../figure.ts';
import { plainFleet, SEED } from '../worlds.ts';

const ACCOUNTS = 100;
const DAY_MS = 86_400_000;

/** Calls that a session costs, whatever it is for. */
const SESSION: ReadonlySet<string> = new Set(['token', 'signIn', 'signOut']);
const READ_ACCOUNT = 'GET ManagedAccounts/{id}';
const isList = ({ method, template }: AuditEntry): boolean => method === 'GET' && !template.endsWith('{id}');

const countByCall = (calls: readonly AuditEntry[]): string =>
  [...Map.groupBy(calls, ({ method, template }) => `${method} ${template}`)]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([call, all]) => `${all.length} ${call}`)
    .join(', ');

/**
 * Measures the vault calls of a rotation of accounts that all change at once and pass their test, from the schedule to
 * the last delivery.
 */
export const measureRotation = async (): Promise<Measured> => {
  // One of those to rotate is a pair, which has two accounts and a rule of its own.
  const world = await startWorld({
    accounts: 0,
    seed: SEED,
    rotates: ACCOUNTS + 1,
    populate: () => plainFleet(ACCOUNTS + 2),
  });
  try {
    await world.runSync();
    world.clock.advance(DAY_MS);
    const from = world.vault.audit.length;
    const { status, figures } = await rotate(world, RULE);
    if (status !== 'SUCCEEDED' || figures.rotated !== ACCOUNTS) {
      throw new Error(`${figures.rotated} accounts rotated, and the rotation ended as ${status}.`);
    }
    const calls = world.vault.audit.slice(from);
    const sessions = calls.filter(({ kind }) => SESSION.has(kind)).length;
    const lists = calls.filter(isList).length;
    // The first read of each account is its own. The others are looks at so few accounts that a list would cost more.
    const looks = calls.filter(({ method, template }) => `${method} ${template}` === READ_ACCOUNT).length - ACCOUNTS;
    const perAccount = (count: number): number => count / ACCOUNTS;
    const name = `rotation of ${ACCOUNTS} accounts, delivery included`;
    return {
      figures: [
        {
          name: `vault calls per account beside sessions, lists and looks at states, ${name}`,
          value: perAccount(calls.length - sessions - lists - looks),
          unit: 'calls',
          target: { atMost: 6 },
          kind: 'count',
        },
        {
          name: `all vault calls per account, ${name}`,
          value: perAccount(calls.length),
          unit: 'calls',
          target: { atMost: 10 },
          kind: 'count',
        },
      ],
      notes: [
        `${lists} lists, ${looks} looks at single states and ${sessions} calls of sessions. All calls: ${countByCall(calls)}.`,
      ],
    };
  } finally {
    await world.close();
  }
};

import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '#local/simulators/sra/audit.ts';
import { oldCheckoutsAt } from '#shared/records/old-checkouts-record.ts';
import { CrashPlan, type Interruption } from '#test/support/crashable-process.ts';
import { everyNthBelow } from '#test/support/sra-campaign.ts';
import { CANARY, HELD, type SraRelay, startSraRelay } from '#test/support/sra-relay.ts';

/** A rule for old checkouts over a PRA site, disturbed while it ends the checkouts of a person. */

const RULE = 'hygiene';
const LEE = 'Lee Okafor';
const HOUR_MINUTES = 60;
/** Longer than the interval of the rule, and than any invocation. */
const NEXT_MINUTES = 61;
const TIMEOUT_MS = 600_000;

const OPTIONS = {
  types: ['username_password', 'windows_domain', 'windows_local', 'opaque_token'],
  rules: {
    oldCheckouts: {
      [RULE]: {
        ...{ connection: 'vault', source: 'vault-accounts', schedule: { expression: 'rate(1 hour)' } },
        olderThanHours: 2,
        forceCheckIn: { olderThanHours: 24, everything: true, rotate: true },
      },
    },
  },
};

/** The accounts whose checkouts are old, and the one whose checkout is young. */
export const checkoutsOfLee = ({ deliverable }: SraRelay) => ({
  old: deliverable.filter(({ type }) => type !== 'opaque_token').map(({ id }) => id),
  young: deliverable.filter(({ type }) => type === 'opaque_token').map(({ id }) => id),
});

export const heldByLee = ({ simulator }: SraRelay): number[] =>
  simulator.checkedOut(LEE).map(({ accountId }) => accountId);

const prepare = async (relay: SraRelay): Promise<void> => {
  const { simulator, advance } = relay;
  const { old, young } = checkoutsOfLee(relay);
  for (const id of old) simulator.checkOutAs('lee', id);
  // A session uses the credential, so this checkout never ends.
  for (const { id } of HELD) simulator.startSession('dana', id);
  advance(29 * HOUR_MINUTES);
  for (const id of young) simulator.checkOutAs('lee', id);
  advance(HOUR_MINUTES);
};

interface DisturbedRun {
  readonly at?: readonly (readonly [moment: number, what: 'death' | ((relay: SraRelay) => Promise<unknown>)])[];
  /** Happens after it, before the next one. */
  readonly between?: (relay: SraRelay) => unknown;
  /** A sentence for each error at the end. Replaces the checks of what has to be over. */
  readonly findErrors?: (relay: SraRelay, calls: readonly AuditEntry[]) => string[];
}

const effectsOf = (calls: readonly AuditEntry[], kind: AuditEntry['kind']) =>
  Map.groupBy(
    calls.filter((call) => call.kind === kind && call.tookEffect && ![401, 422].includes(call.status)),
    ({ accountId }) => accountId ?? 0,
  );

const moreThan = (calls: readonly AuditEntry[], kind: AuditEntry['kind'], most: number): string[] =>
  [...effectsOf(calls, kind)].flatMap(([id, { length }]) =>
    length > most ? [`${length} calls ${kind} of account ${id} took effect.`] : [],
  );

/** A sentence for each old checkout that is open, and for each that ended without a word to people. */
const notEnded = (relay: SraRelay, calls: readonly AuditEntry[]): string[] => {
  const held = heldByLee(relay);
  const ended = effectsOf(calls, 'forceCheckIn');
  return checkoutsOfLee(relay).old.flatMap((id) => {
    const name = relay.deliverable.find((account) => account.id === id)?.name ?? '';
    const isTold = relay.notices.some((line) => line.includes(name) && /ended\./.test(line));
    const canRotate = relay.deliverable.some((one) => one.id === id && one.type.startsWith('windows'));
    const isAsked = calls.some((call) => call.kind === 'rotate' && call.accountId === id);
    return [
      ...(held.includes(id) ? [`The old checkout of ${name} is open.`] : []),
      ...(ended.has(id) && !isTold ? [`No notice tells that the checkout of ${name} ended.`] : []),
      ...(canRotate && !isAsked ? [`No rotation of ${name} was requested.`] : []),
    ];
  });
};

const leaksIn = ({ records, payloads, notices }: SraRelay): string[] =>
  [...[...records.objects].flat(), ...payloads, ...notices].flatMap((text) =>
    CANARY.test(text) ? [`A credential is in ${text.slice(0, 80)}`] : [],
  );

const leftInState = async ({ shared }: SraRelay): Promise<string[]> => {
  const state = (await shared.read(oldCheckoutsAt.state(RULE)))?.record;
  return [
    ...Object.keys(state?.endings ?? {}).map((key) => `The end of ${key} is still recorded.`),
    ...(state?.active === undefined ? [] : ['A run that is over still works on the rule.']),
  ];
};

/** Runs the rule with a disturbance, then three times without one, and checks the promises. */
const disturbOldCheckouts = async ({ at = [], between, findErrors = notEnded }: DisturbedRun) => {
  const relay = await startSraRelay(OPTIONS);
  try {
    await prepare(relay);
    const interruptions = at.map(([moment, what]): [number, Interruption] => [
      moment,
      what === 'death' ? what : () => what(relay),
    ]);
    const plan = new CrashPlan(...interruptions);
    const start = relay.simulator.audit.length;
    await relay.endOldCheckouts(RULE, 'disturbed', plan);
    await between?.(relay);
    const broken: string[] = [];
    for (const next of [1, 2, 3]) {
      relay.advance(NEXT_MINUTES);
      const { ok } = await relay.endOldCheckouts(RULE, `next-${next}`);
      if (!ok) broken.push(`The run next-${next} failed.`);
    }
    const calls = relay.simulator.audit.slice(start);
    const held = heldByLee(relay);
    const { young } = checkoutsOfLee(relay);
    broken.push(
      ...moreThan(calls, 'forceCheckIn', 1),
      ...young.flatMap((id) => (held.includes(id) ? [] : [`The young checkout of ${id} was ended.`])),
      ...HELD.flatMap(({ id }) =>
        effectsOf(calls, 'forceCheckIn').has(id) ? [`A used checkout was ended: ${id}.`] : [],
      ),
      ...findErrors(relay, calls),
      ...leaksIn(relay),
      ...(await leftInState(relay)),
    );
    return { moments: plan.moments, broken };
  } finally {
    await relay.close();
  }
};

/** Disturbs the rule at every nth moment. */
export const disturbOldCheckoutsAtMoments = (
  stride: number,
  cases: Readonly<Record<string, (moment: number) => DisturbedRun>>,
): void => {
  describe('a rule for old checkouts over a PRA site', () => {
    it.each(Object.entries(cases))(
      'ends each old checkout once and no other (%s)',
      async (what, disturbedAt) => {
        const undisturbed = await disturbOldCheckouts({});
        expect(undisturbed.broken, 'undisturbed').toEqual([]);
        const chosen = everyNthBelow(undisturbed.moments, stride);
        for (const moment of chosen) {
          const { broken } = await disturbOldCheckouts(disturbedAt(moment));
          expect(broken, `at moment ${moment} of ${undisturbed.moments}`).toEqual([]);
        }
        process.stdout.write(`${chosen.length} of ${undisturbed.moments} moments: ${what}\n`);
      },
      TIMEOUT_MS,
    );
  });
};

import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { startCrashableRelay } from '#test/support/crashable-relay.ts';
import { SEED } from '#test/support/crashable-site.ts';
import { machines } from '#test/support/machines.ts';
import { brokenRotations, rotationErrors, rotationReport, runRotation } from '#test/support/rotation-promises.ts';
import { ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const RULE = 'weekly';
const CONCURRENCY = 10;
const THRESHOLD_PERCENT = 2;
/** Each of these accounts fails, so about 3 % do. The canary does not. */
const FAILING = 33;

/** Rotates a fleet of which 3 % fail. Returns a sentence for each broken promise. */
export const rotateFleet = async (accounts: number): Promise<string[]> => {
  const config = aRotationConfig(
    {
      concurrency: CONCURRENCY,
      deadlineMinutes: 5,
      pauseMinutes: 10,
      size: 100,
      perSystem: 5,
      threshold: { percent: THRESHOLD_PERCENT },
    },
    { name: 'prod/{systemName}/{domainName}/{accountName}', value: '{credential}' },
  );
  const fleet = createFleet({ accounts: 2 * accounts, seed: SEED })
    .filter(({ kind }) => kind === 'plain')
    .slice(0, accounts);
  const relay = await startCrashableRelay({ machines, config, fleet, users: ROTATING_USERS });
  try {
    const { simulator } = relay;
    const failing = fleet.filter((_, index) => index % FAILING === FAILING - 1);
    for (const [index, { accountId }] of failing.entries()) {
      simulator.target(accountId).behave(index % 4 === 1 ? { changes: 'never' } : { acceptsCredential: false });
    }
    await runRotation(relay, '1', { rule: RULE, trigger: 'schedule' });
    const report = await rotationReport(relay, RULE, `${RULE}.1`);
    const items = report?.items ?? [];
    const count = (...outcomes: string[]): number => items.filter(({ outcome }) => outcomes.includes(outcome)).length;
    const failed = count('changed, test failed', 'unknown, watched', 'failed');
    const threshold = Math.max(1, Math.floor((accounts * THRESHOLD_PERCENT) / 100));
    const values = new Set(Object.values(relay.manager.currentValues()));
    const delivered = simulator.accounts().filter(({ credential }) => values.has(credential));
    return [
      ...rotationErrors(relay),
      ...brokenRotations(relay, RULE),
      ...(report?.status === 'STOPPED' ? [] : [`The rotation ended as ${report?.status}.`]),
      ...(items.length === accounts ? [] : [`The report has ${items.length} of ${accounts} accounts.`]),
      ...(failed >= threshold && failed < threshold + CONCURRENCY ? [] : [`It stopped after ${failed} failures.`]),
      ...(count('rotated') > 0 && delivered.length === count('rotated')
        ? []
        : [`${count('rotated')} accounts rotated, and ${delivered.length} were delivered.`]),
    ];
  } finally {
    await relay.close();
  }
};

import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import type { CrashResult, Scenario } from '#test/support/crash.ts';
import { brokenPromises, deliveredTwice } from '#test/support/crashable-promises.ts';
import type { CrashableRelay, RunOptions } from '#test/support/crashable-relay.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { brokenRotations, rotationErrors, rotationReport, runRotation } from '#test/support/rotation-promises.ts';

export const FOLDER = 'prod/';
const SYNC = {
  name: `${FOLDER}{systemName}/{domainName}/{accountName}`,
  value: '{credential}',
  batchSize: 4,
  requestMinutes: 120,
};
const CHANGES = { sync: 'databases' };
const RULE = 'weekly';

/** Time for a late change to show. */
export const DEADLINE_MINUTES = 10;
/** Until then, no sync delivers an account whose change may still show. Less than the duration of a request. */
export const HELD_MINUTES = DEADLINE_MINUTES + 16;
/** The relay would mistake a change soon after its own check-in for the vault's rotation. */
const QUIET_MINUTES = 11;

/** Users of a vault in which the relay may change credentials. */
export const ROTATING_USERS = [
  { ...DEFAULT_APPLICATION, roles: [...DEFAULT_APPLICATION.roles, 'account-management', 'system-management'] },
  DEFAULT_APPROVER,
] as const;

/** Two accounts of one system, which no other client holds. */
export const ROTATED = { systems: ['web-0001'], accounts: ['root', 'svc-backup'] };

/** Those two, and two that other clients hold. */
export const FLEET = sharedFleet(8).filter(({ kind }) => kind === 'plain');

/** Configuration with a sync, a checkout rule and a rotation of {@link ROTATED}. */
export const aRotatingConfig = (
  rule: Record<string, unknown> = {},
  checkout: Record<string, unknown> = {},
): RelayConfig => ({
  ...aCheckoutConfig({ value: '{credential}', ...checkout }, SYNC),
  rotations: aRotationConfig({ select: ROTATED, deadlineMinutes: DEADLINE_MINUTES, pauseMinutes: 1, ...rule })
    .rotations,
});

/** A message starts a rotation also after one that stopped or failed, which a schedule does not. */
const rotate = (relay: CrashableRelay, id: string, options?: RunOptions): Promise<string> =>
  runRotation(relay, id, { rule: RULE, trigger: 'message' }, options);

/** Sentences for the promises that are broken after a sync, once no change can show any more. */
type FindErrors = (relay: CrashableRelay) => string[];

/**
 * Runs a sync, once no change can show any more, and another rotation after one that did not succeed: no crash keeps
 * the rule from rotating again.
 */
export const rotateAgain =
  (findErrors: FindErrors = (relay) => brokenPromises(relay, FOLDER)) =>
  async (relay: CrashableRelay): Promise<void> => {
    relay.advance(HELD_MINUTES);
    await relay.sync('after', CHANGES);
    rotationErrors(relay).push(...findErrors(relay));
    // A rotation that succeeded leaves nothing that the next one could meet.
    if ((await rotationReport(relay, RULE, `${RULE}.killed`))?.status === 'SUCCEEDED') return;
    await rotate(relay, 'after');
    const status = (await rotationReport(relay, RULE, `${RULE}.after`))?.status;
    if (status !== 'SUCCEEDED') rotationErrors(relay).push(`The next rotation ended as ${status}.`);
  };

/** A scenario that rotates two accounts, one after the other, and delivers them. */
export const aRotation = (rule: Record<string, unknown> = {}, more: Partial<Scenario> = {}): Scenario => ({
  config: aRotatingConfig(rule),
  site: { users: ROTATING_USERS, fleet: FLEET },
  async prepare(relay) {
    await relay.sync('before', CHANGES);
    relay.advance(QUIET_MINUTES);
  },
  async act(relay, { through }) {
    await rotate(relay, 'killed', { through });
  },
  async followUp(relay, { through, crashPlan }) {
    relay.advance(HELD_MINUTES);
    await rotate(relay, 'killed-again', { through });
    await relay.reap(crashPlan, { mayFail: true });
  },
  cleanUp: rotateAgain(),
  findErrors: (relay) => [
    ...rotationErrors(relay),
    ...brokenRotations(relay, RULE),
    ...brokenPromises(relay, FOLDER),
    ...deliveredTwice(relay, FOLDER),
  ],
  isSequential: true,
  ...more,
});

/** Two accounts in two waves, which the vault changes at once. */
export const ROTATION = { 'a rotation': aRotation() };

/** Two accounts in one wave, which the vault changes through its queue. */
export const QUEUED_ROTATION = {
  'a rotation through the queue of the vault': aRotation({ queue: true, canary: 2, perSystem: 2 }),
};

/** Selects every nth moment of the steps that only rotations have, starting in mid-stride. */
export const everyNthOfRotation =
  (stride: number) =>
  ({ steps, distinctMoments }: CrashResult): number[] =>
    distinctMoments
      .filter((moment) => steps[moment]?.startsWith('rotate/'))
      .filter((_, index) => index % stride === Math.floor(stride / 2));

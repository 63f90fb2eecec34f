import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Disturbance } from '#test/support/crash.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';

/** Longer than an idle session and shorter than the life of a token, because a refused sign-in is final. */
const FREEZE_MINUTES = 25;
/** Maximum duration of a Lambda invocation. */
const INVOCATION_MINUTES = 15;

const BEHIND_FIREWALL = { isBehindFirewall: true };

const frozen: Disturbance = {
  apply: async (relay) => relay.advance(FREEZE_MINUTES),
  // Every lost call counts, even if a retry succeeds, because some calls cannot be retried.
  checkWhileActive: async (relay) => {
    const lost = relay.lostCalls();
    return lost === 0
      ? []
      : [`${lost} calls were sent over connections that had been idle for ${FREEZE_MINUTES} minutes.`];
  },
  site: BEHIND_FIREWALL,
};

/** Causes that keep the relay out of the vault. */
const CLOSURES = {
  'refuses to sign in': ({ simulator }: CrashableRelay): void =>
    simulator.changeUser(DEFAULT_APPLICATION.userName, { quarantined: true }),
  'cannot be reached': ({ simulator }: CrashableRelay): void =>
    simulator.faults.add({ times: Number.POSITIVE_INFINITY, effect: { type: 'reset', when: 'before' } }),
};

const reopen = async ({ simulator }: CrashableRelay): Promise<void> => {
  simulator.changeUser(DEFAULT_APPLICATION.userName, { quarantined: false });
  simulator.faults.clear();
};

/** A checkout retires its secrets at its end even if the vault is down. `reap` does so for one that was killed. */
const closedVault = (close: (relay: CrashableRelay) => void): Disturbance => ({
  apply: async (relay) => close(relay),
  checkWhileActive: async (relay, { leftDelivered }) => {
    if (leftDelivered === undefined) return [];
    const left = leftDelivered(relay).map((name) => `${name} is still delivered after the end of its checkout.`);
    await relay.reap(undefined, { mayFail: true });
    return left;
  },
  end: reopen,
  isLeftToReap: true,
  leavesSessions: true,
});

/** Closes the vault and stops the execution. The running invocation goes on, and fails or delivers. */
const closedVaultAfterStop = (close: (relay: CrashableRelay) => void): Disturbance => ({
  apply: async (relay, stop) => {
    close(relay);
    stop();
  },
  checkWhileActive: async (relay, { leftDelivered }) => {
    if (leftDelivered === undefined) return [];
    for (const minutes of [1, INVOCATION_MINUTES + 1]) {
      relay.advance(minutes);
      await relay.reap(undefined, { mayFail: true });
    }
    return leftDelivered(relay).map((name) => `${name} is still delivered after its checkout was stopped and reaped.`);
  },
  end: reopen,
  isLeftToReap: true,
  leavesSessions: true,
});

/** The execution is stopped and reaped while one of its functions is running. The function then goes on. */
const late: Disturbance = {
  apply: async (relay, stop) => {
    stop();
    relay.advance(1);
    await relay.hold((options) => relay.reap(undefined, options));
  },
  isLeftToReap: true,
};

type Outages = Readonly<Record<string, Disturbance>>;

const closures = (closure: keyof typeof CLOSURES): Outages => ({
  [`from then on the vault ${closure}`]: closedVault(CLOSURES[closure]),
  [`from then on the vault ${closure}, and the execution is stopped`]: closedVaultAfterStop(CLOSURES[closure]),
});

/** Outages that apply to every scenario. */
export const OUTAGES: Outages = {
  ...closures('refuses to sign in'),
  'a function goes on after its execution was stopped and reaped': late,
};

/** Equivalent to {@link OUTAGES} except for the errors and the number of retries. */
export const SIMILAR_OUTAGES: Outages = closures('cannot be reached');

/** Outages for scenarios in which only one process at a time has sockets, because other processes would not freeze. */
export const OUTAGES_OF_ONE: Outages = { 'its function is frozen': frozen };

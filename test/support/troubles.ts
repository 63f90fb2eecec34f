import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Meanwhile } from '#test/support/crash.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';

/** Longer than the vault keeps an idle session, and shorter than it takes a token: a refused sign-in is final. */
const FREEZE_MINUTES = 25;
/** Lambda lets nothing go on for longer. */
const INVOCATION_MINUTES = 15;

const BEHIND_FIREWALL = { isBehindFirewall: true };

const frozen: Meanwhile = {
  happens: async (relay) => relay.advance(FREEZE_MINUTES),
  // Also a call that is sent again in time was lost first; and not every call may be.
  whileItLasts: async (relay) => {
    const lost = relay.lostCalls();
    return lost === 0
      ? []
      : [`${lost} calls were lost with connections that were silent for ${FREEZE_MINUTES} minutes.`];
  },
  site: BEHIND_FIREWALL,
};

/** What keeps the relay out of the vault. */
const CLOSURES = {
  'refuses to sign in': ({ simulator }: MortalRelay): void =>
    simulator.changeUser(DEFAULT_APPLICATION.userName, { quarantined: true }),
  'can not be reached': ({ simulator }: MortalRelay): void =>
    simulator.faults.add({ times: Number.POSITIVE_INFINITY, effect: { type: 'reset', when: 'before' } }),
};

const reopen = async ({ simulator }: MortalRelay): Promise<void> => {
  simulator.changeUser(DEFAULT_APPLICATION.userName, { quarantined: false });
  simulator.faults.clear();
};

/** What a checkout has delivered is taken back at its end, whether or not the vault answers; by `reap` where it died. */
const closedVault = (close: (relay: MortalRelay) => void): Meanwhile => ({
  happens: async (relay) => close(relay),
  whileItLasts: async (relay, { leftDelivered }) => {
    if (leftDelivered === undefined) return [];
    const left = leftDelivered(relay).map((name) => `${name} is delivered although its checkout is over.`);
    await relay.reap(undefined, { mayFail: true });
    return left;
  },
  passes: reopen,
  isLeftToReap: true,
  leavesSessions: true,
});

/** Beside that its execution is stopped; what was at work then goes on, and fails or delivers. */
const closedVaultForTheDead = (close: (relay: MortalRelay) => void): Meanwhile => ({
  happens: async (relay, stop) => {
    close(relay);
    stop();
  },
  whileItLasts: async (relay, { leftDelivered }) => {
    if (leftDelivered === undefined) return [];
    for (const minutes of [1, INVOCATION_MINUTES + 1]) {
      relay.advance(minutes);
      await relay.reap(undefined, { mayFail: true });
    }
    return leftDelivered(relay).map((name) => `${name} is delivered although its checkout died and was reaped.`);
  },
  passes: reopen,
  isLeftToReap: true,
  leavesSessions: true,
});

/** Its execution is stopped and cleaned up behind while one of its functions is at work, which goes on then. */
const late: Meanwhile = {
  happens: async (relay, stop) => {
    stop();
    relay.advance(1);
    await relay.hold((options) => relay.reap(undefined, options));
  },
  isLeftToReap: true,
};

type Troubles = Readonly<Record<string, Meanwhile>>;

const closures = (how: keyof typeof CLOSURES): Troubles => ({
  [`from then on the vault ${how}`]: closedVault(CLOSURES[how]),
  [`from then on the vault ${how}, and the execution is stopped`]: closedVaultForTheDead(CLOSURES[how]),
});

/** What may come over any story. */
export const TROUBLES: Troubles = {
  ...closures('refuses to sign in'),
  'a function goes on after its execution was stopped and reaped': late,
};

/** What comes to the same, but for the errors and how often it is tried again. */
export const SIMILAR_TROUBLES: Troubles = closures('can not be reached');

/** What may come over a story of which only one process has sockets at a time: others would not be frozen. */
export const TROUBLES_OF_ONE: Troubles = { 'its function is frozen': frozen };

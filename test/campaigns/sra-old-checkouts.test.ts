import type { AuditEntry } from '#local/simulators/sra/audit.ts';
import { checkoutsOfLee, disturbOldCheckoutsAtMoments, heldByLee } from '#test/support/sra-old-checkouts.ts';
import type { SraRelay } from '#test/support/sra-relay.ts';

/** Longer than any invocation. */
const LONG_MINUTES = 17;
/** Events have times of one second. */
const SECONDS_MINUTES = 0.1;

const overlap = (relay: SraRelay) => relay.endOldCheckouts('hygiene', 'beside');

const overtake = (relay: SraRelay) => {
  relay.advance(LONG_MINUTES);
  return overlap(relay);
};

/** The person checks in what is still open, and checks everything out again. */
const checkOutAgain = async (relay: SraRelay): Promise<void> => {
  const { simulator } = relay;
  relay.advance(SECONDS_MINUTES);
  for (const id of checkoutsOfLee(relay).old) {
    if (heldByLee(relay).includes(id)) simulator.checkInAs('lee', id);
    simulator.checkOutAs('lee', id);
  }
};

/** An administrator renames the accounts, and moves them to another group. */
const move = async ({ simulator, deliverable }: SraRelay): Promise<void> => {
  for (const { id } of deliverable) simulator.changeAccount(id, { name: `renamed ${id}`, groupId: 4 });
};

/** A sentence for each new checkout that was ended, although a report after its begin was read before. */
const endedAgain = (relay: SraRelay, since: readonly AuditEntry[]): string[] =>
  checkoutsOfLee(relay).old.flatMap((id) => {
    if (heldByLee(relay).includes(id)) return [];
    const end = since.findIndex(({ kind, accountId }) => kind === 'forceCheckIn' && accountId === id);
    const isSeen = since.slice(0, end).some(({ kind }) => kind === 'activityReport');
    return isSeen ? [`The new checkout of ${id} was ended.`] : [];
  });

disturbOldCheckoutsAtMoments(3, {
  'killed at any moment': (moment) => ({ at: [[moment, 'death']] }),
});

disturbOldCheckoutsAtMoments(7, {
  'killed at any moment, and checked out again before the next run': (moment) => {
    let from = 0;
    return {
      at: [[moment, 'death']],
      async between(relay) {
        await checkOutAgain(relay);
        from = relay.simulator.audit.length;
      },
      findErrors: (relay) => endedAgain(relay, relay.simulator.audit.slice(from)),
    };
  },
  'checked out again at any moment': (moment) => {
    let from = 0;
    return {
      at: [
        [
          moment,
          async (relay) => {
            await checkOutAgain(relay);
            from = relay.simulator.audit.length;
          },
        ],
      ],
      findErrors: (relay) => endedAgain(relay, relay.simulator.audit.slice(from)),
    };
  },
  'overlapped by another run at any moment': (moment) => ({ at: [[moment, overlap]] }),
  'frozen at any moment, and overtaken': (moment) => ({ at: [[moment, overtake]] }),
  'renamed and moved at any moment': (moment) => ({ at: [[moment, move]], findErrors: () => [] }),
});

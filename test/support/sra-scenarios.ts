import type { AuditEntry } from '#local/simulators/sra/audit.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { identityOf } from '#test/support/checkouts.ts';
import type { RunOptions } from '#test/support/crashable-relay.ts';
import { changeAll, type SraRelay, type SraRelayOptions } from '#test/support/sra-relay.ts';

/** The workflows over a PRA site that campaigns disturb. */

export interface SraScenario {
  /** Such as `a sync`. */
  readonly what: string;
  readonly relay?: SraRelayOptions;
  readonly prepare?: (relay: SraRelay) => Promise<unknown>;
  readonly act: (relay: SraRelay, options: RunOptions) => Promise<unknown>;
  /** A sentence for each error right after it. */
  readonly wrongAfter?: (relay: SraRelay, calls: readonly AuditEntry[]) => string[];
  /** Runs that come later, after which the store has every current credential. */
  readonly finish: (relay: SraRelay) => Promise<unknown>;
}

export const SYNC_ORDER = { sync: 'databases' };
const COMMON = { connection: 'vault', source: 'vault-accounts' };

const syncChanged = (relay: SraRelay): Promise<unknown> => {
  changeAll(relay);
  return relay.sync('after', SYNC_ORDER);
};

export const SRA_SYNC: SraScenario = {
  what: 'a sync',
  act: (relay, options) => relay.sync('disturbed', SYNC_ORDER, options),
  finish: syncChanged,
};

const CHECKOUT_FOLDER = 'checkouts/';
const HOUR_MINUTES = 60;

/** A checkout of all deliverable accounts. */
export const checkoutOf = ({ deliverable, simulator }: SraRelay, id = 'CHG1'): CheckoutOrder => ({
  ...identityOf(id),
  type: 'checkout.requested',
  items: deliverable.map(({ id: accountId, name }) => ({
    accountName: name,
    groupName: simulator.accounts().find((account) => account.id === accountId)?.groupName ?? '',
  })),
  window: { minutes: 2 * HOUR_MINUTES },
  reason: 'Replace a disk',
});

/** A sentence for whatever is left of a checkout. */
const leftOfCheckouts = ({ manager, signals }: SraRelay): string[] =>
  [
    ...Object.keys(manager.currentValues()).filter((name) => name.startsWith(CHECKOUT_FOLDER)),
    ...[...signals.keys].filter((key) => key.startsWith(checkoutAt.allOpen)),
  ].map((text) => `${text} is left of a checkout.`);

export const SRA_CHECKOUT: SraScenario = {
  what: 'a checkout',
  relay: {
    types: ['username_password', 'opaque_token'],
    rules: {
      checkouts: {
        tickets: {
          ...COMMON,
          stores: ['aws'],
          name: `${CHECKOUT_FOLDER}{checkoutId}/{groupName}/{accountName}`,
          value: '{credential}',
          extensionMinutes: HOUR_MINUTES,
        },
      },
    },
  },
  act: (relay, options) => relay.checkOut(checkoutOf(relay), options),
  async finish(relay) {
    relay.advance(HOUR_MINUTES);
    await relay.reap();
    const left = leftOfCheckouts(relay);
    if (left.length > 0) throw new Error(left.join('\n'));
    await syncChanged(relay);
  },
};

const ROTATION = 'weekly';
const DEADLINE_MINUTES = 10;
/** Until then, no sync delivers an account whose change may still show. */
const HELD_MINUTES = DEADLINE_MINUTES + 16;

/** A sentence for each account that was rotated twice. */
const rotatedTwice = (calls: readonly AuditEntry[]): string[] => {
  const rotated = calls.filter(({ kind, tookEffect, status }) => kind === 'rotate' && tookEffect && status !== 401);
  return [...Map.groupBy(rotated, ({ accountId }) => accountId)].flatMap(([id, { length }]) =>
    length > 1 ? [`Account ${id} was rotated ${length} times.`] : [],
  );
};

export const SRA_ROTATION: SraScenario = {
  what: 'a rotation',
  relay: {
    types: ['username_password', 'windows_domain', 'windows_local'],
    rules: {
      rotations: { [ROTATION]: { ...COMMON, deadlineMinutes: DEADLINE_MINUTES, pauseMinutes: 1 } },
    },
  },
  async prepare(relay) {
    await relay.sync('before', SYNC_ORDER);
    relay.advance(11);
  },
  act: (relay, options) => relay.rotate('disturbed', { rule: ROTATION, trigger: 'message' }, options),
  wrongAfter: (_relay, calls) => rotatedTwice(calls),
  async finish(relay) {
    relay.advance(HELD_MINUTES);
    await relay.sync('after', SYNC_ORDER);
  },
};

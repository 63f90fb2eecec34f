import type { RelayConfig, RotationConfig } from '#shared/config/schema.ts';
import { type AddressRules, createIsAddressed } from '#shared/domain/addressing.ts';
import { type Holds, noHolds, releasable, withReleased } from '#shared/domain/rotation/holds.ts';
import { RelayError } from '#shared/errors.ts';
import type { CredentialChanged } from '#shared/messages/messages.ts';
import type { HoldReleased } from '#shared/messages/rotation-messages.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

export interface HoldActionDependencies {
  readonly sharedRecords: SharedRecords;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface HoldRules {
  readonly rules: Pick<RelayConfig, 'connections' | 'rotations'>;
  readonly addressOf: (rule: RotationConfig) => Promise<AddressRules | undefined>;
}

/**
 * Creates the action of messages that end holds: it ends them, and then starts the syncs of their items like a message
 * about a changed credential. A rule of the same vault can have begun a hold: `mayRelease` is true if that rule takes
 * messages of the sender. Raises `MessageInvalid`, and ends none, if one does not. Repeatable.
 */
export const createReleaseHolds =
  (
    { rules, addressOf, sharedRecords, now }: HoldActionDependencies & HoldRules,
    startSyncs: (changed: Pick<CredentialChanged, 'connection' | 'item'>) => Promise<void>,
  ) =>
  async ({ rotation, items }: HoldReleased, mayRelease: (rotation: string) => boolean): Promise<void> => {
    const rule = Object.hasOwn(rules.rotations, rotation) ? rules.rotations[rotation] : undefined;
    const address = rule && (await addressOf(rule));
    // The message was checked against both.
    if (rule === undefined || address === undefined) return;
    const isMeant = createIsAddressed(address, items);
    const refusing = await changeRecord<Holds, string | undefined>(
      sharedRecords,
      holdsAt(rules, rule.connection),
      (known) => {
        const current = known ?? noHolds();
        const other = releasable(current, isMeant).find((held) => !mayRelease(held));
        if (other !== undefined) return { result: other };
        const next = withReleased(current, isMeant, now());
        return { next: next === current ? undefined : next, result: undefined };
      },
    );
    if (refusing !== undefined) throw ofAnotherRule(refusing);
    await Promise.all(items.map((item) => startSyncs({ connection: rule.connection, item })));
  };

const ofAnotherRule = (rotation: string): RelayError =>
  new RelayError(
    'MessageInvalid',
    `items: the rotation ${rotation} holds one of them, and takes no messages of this sender; send it as one of the senders of that rule`,
  );

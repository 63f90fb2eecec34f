import { createHash } from 'node:crypto';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { RotationRequested, RotationResumed, RotationStopped } from '#shared/messages/rotation-messages.ts';
import { type MessageTime, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, claimRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { RotationOrder } from '#shared/workflows/rotate.ts';

export interface RotationActionDependencies {
  readonly executionsOf: ExecutionsOf;
  readonly sharedRecords: SharedRecords;
}

type RotationMessage = RotationRequested | RotationStopped | RotationResumed;

/** Hash of the id of a message. An id belongs to its sender, and to one type of message. Pure. */
const hashOf = ({ type, id }: RotationMessage, { kind, id: sender }: Principal): string =>
  createHash('sha256')
    .update(JSON.stringify([type, kind, sender, id]))
    .digest('hex')
    .slice(0, 24);

/** Creates the actions of messages about rotations. Each is repeatable. */
export const createRotationActions = ({ executionsOf, sharedRecords }: RotationActionDependencies) => {
  // The execution of an earlier message with this id keeps its order.
  const start = (run: string, order: RotationOrder) => executionsOf('rotate').start(run, JSON.stringify(order));

  return {
    async request(message: RotationRequested, sender: Principal): Promise<void> {
      const { type: _, rotation: rule, id, ...selection } = message;
      const run = `${rule}.requested-${hashOf(message, sender)}`;
      await start(run, { rule, trigger: 'message', requestedBy: { id, sender: sender.id }, ...selection });
    },

    async resume(message: RotationResumed, sender: Principal): Promise<void> {
      const { rotation: rule, id, acceptFailures, retry } = message;
      const run = `${rule}.resumed-${hashOf(message, sender)}`;
      const resume = { acceptFailures, retry };
      await start(run, { rule, trigger: 'message', requestedBy: { id, sender: sender.id }, resume });
    },

    /** `sentAt` in epoch milliseconds. A message that is sent again does not stop what was resumed since. */
    async stop(message: RotationStopped, sender: Principal, sentAt: number): Promise<void> {
      const { rotation: rule } = message;
      const { at } = await claimRecord(sharedRecords, rotationAt.message(rule, hashOf(message, sender)), {
        at: sentAt,
      });
      await changeRecord<MessageTime, void>(sharedRecords, rotationAt.stop(rule), (known) => ({
        next: known === undefined || known.at < at ? { at } : undefined,
        result: undefined,
      }));
    },
  };
};

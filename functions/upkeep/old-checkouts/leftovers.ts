import { itemKey } from '#shared/domain/item.ts';
import { isStillOpen } from '#shared/domain/old-checkouts/decide.ts';
import { asRelayError } from '#shared/errors.ts';
import type { Ending } from '#shared/records/old-checkouts-record.ts';
import type { EndContext, Ended } from './end-checkout.ts';

/** A checkout that an earlier run was ending when it was interrupted, and what became of it. */
export interface Leftover {
  readonly ending: Ending;
  readonly ended: Ended;
}

/**
 * Finds out what became of the checkouts that an interrupted run was ending. A checkout that is still open is not among
 * them: this run decides about it like about any other. Ends nothing; asks for the rotations that are still due.
 */
export const findLeftovers = async (context: EndContext): Promise<readonly Leftover[]> => {
  const leftovers: Leftover[] = [];
  for (const ending of Object.values(context.ledger.found.endings)) {
    const ended = await findOut(ending, context);
    if (ended !== undefined) leftovers.push({ ending, ended });
  }
  return leftovers;
};

const findOut = async (ending: Ending, { leases, ledger, rotateAfter }: EndContext): Promise<Ended | undefined> => {
  const { item, run, ended, rotation } = ending;
  const key = itemKey(item.ref);
  if (ended) return { outcome: 'forced', reason: `The run ${run} has ended it.`, ...(rotation && { rotation }) };
  const by = `The run ${run} asked for its end and was interrupted.`;
  try {
    const current = await leases.current(item);
    if (current.state === 'unknown') return { outcome: 'unclear', reason: `${by} ${current.reason}` };
    const isOpen = current.state === 'open';
    if (isOpen && isStillOpen(current.lease, ending)) {
      await ledger.record(key, undefined);
      return undefined;
    }
    // The user of a later checkout would lose the credential.
    const after = isOpen
      ? rotateAfter && ({ outcome: 'refused', reason: 'A later checkout is open. Rotate it after its end.' } as const)
      : await rotateAfter?.(item);
    await ledger.record(key, { ...ending, ended: true, ...(after && { rotation: after }) });
    return { outcome: 'forced', reason: `${by} It is over.`, ...(after && { rotation: after }) };
  } catch (thrown) {
    const { message } = asRelayError(thrown, `Looking at ${item.title}`);
    return { outcome: 'unclear', reason: `${by} ${message}`, isOutOfReach: true };
  }
};

import { itemKey } from '#shared/domain/item.ts';
import { asRelayError } from '#shared/errors.ts';
import type { Ending } from '#shared/records/old-checkouts-record.ts';
import { afterEnd, type EndContext, type Ended, STILL_SHOWN } from './end-checkout.ts';

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

const findOut = async (ending: Ending, context: EndContext): Promise<Ended | undefined> => {
  const { item, run, ended, rotation } = ending;
  if (ended) return { outcome: 'forced', reason: `The run ${run} has ended it.`, ...(rotation && { rotation }) };
  const by = `The run ${run} asked for its end and was interrupted.`;
  try {
    const found = await afterEnd(ending, `${by} It is over.`, context);
    if (found === STILL_SHOWN) {
      await context.ledger.record(itemKey(item.ref), undefined);
      return undefined;
    }
    return found.outcome === 'unclear' ? { ...found, reason: `${by} ${found.reason}` } : found;
  } catch (thrown) {
    const { message } = asRelayError(thrown, `Looking at ${item.title}`);
    return { outcome: 'unclear', reason: `${by} ${message}`, isOutOfReach: true };
  }
};

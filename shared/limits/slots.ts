import { randomUUID } from 'node:crypto';
import { RelayError } from '#shared/errors.ts';
import { limitAt } from '#shared/limits/limit-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

export interface SlotOptions {
  /** Name in relay.yaml. */
  readonly connection: string;
  /** Functions that may work with the connection at once. */
  readonly max: number;
  /** Shared by all functions of the stack. */
  readonly records: SharedRecords;
  /** Milliseconds until the invocation ends, and with it the slot of a function that dies. */
  readonly remainingMs: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Does work that calls a connection in one of its slots, of which all functions of the stack together have `max`. More
 * would only wait for the limits of the connection. Raises `LimitReached` if no slot is free, the errors of the
 * records, and those of the work. Repeatable if the work is.
 *
 * Thousands of executions can need a slot at once. They wait in their state machines: in functions, they would use up
 * the concurrency of the account.
 */
export const inSlot = async <R>(
  { connection, max, records, remainingMs, now }: SlotOptions,
  work: () => Promise<R>,
): Promise<R> => {
  const place = limitAt.slots(connection);
  const id = randomUUID();
  const claim = (): Promise<boolean> =>
    changeRecord(records, place, (current) => {
      // A slot from the far future was written by a wrong clock.
      const slots = (current?.slots ?? []).filter(
        ({ untilMs }) => untilMs > now() && untilMs <= now() + 2 * MAX_INVOCATION_MS,
      );
      // The answer of an earlier attempt can have been lost.
      if (slots.some((slot) => slot.id === id)) return { result: true };
      if (slots.length >= max) return { result: false };
      return { next: { slots: [...slots, { id, untilMs: now() + remainingMs() }] }, result: true };
    });
  const release = (): Promise<void> =>
    changeRecord(records, place, (current) => ({
      next: current?.slots.some((slot) => slot.id === id)
        ? { slots: current.slots.filter((slot) => slot.id !== id) }
        : undefined,
      result: undefined,
    }));
  if (!(await claim())) {
    throw new RelayError(
      'LimitReached',
      `Connection ${connection}: as many functions work with it as limits.inFlight allows calls. The step waits and is repeated.`,
    );
  }
  try {
    return await work();
  } finally {
    // A slot that cannot be released ends with the invocation. The result of the work counts.
    await release().catch(() => {});
  }
};

import { asRelayError, type RelayError } from '#shared/errors.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import type { Notes } from '#shared/records/notes.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import type { EndedAt } from './ended-at.ts';
import type { StartRelease } from './start-release.ts';

export interface CloseAbandonedDependencies {
  readonly notes: Pick<Notes, 'list'>;
  readonly endedAt: EndedAt;
  readonly startRelease: StartRelease;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Lets every checkout be released whose run has ended and left something behind: a request that died with it is given
 * back at once by its marker, but only a release takes back what was delivered, too. A function that was at work when
 * its execution was stopped may deliver after that, so that the last release comes when none can be any more.
 */
export const createCloseAbandoned =
  ({ notes, endedAt, startRelease, now }: CloseAbandonedDependencies) =>
  async (): Promise<{ abandoned: number; failures: RelayError[] }> => {
    const failures: RelayError[] = [];
    let abandoned = 0;
    for (const key of await notes.list(checkoutAt.allOpen)) {
      const open = readOpenKey(key);
      if (open === undefined) continue;
      try {
        const ended = await endedAt(open);
        if (ended === undefined) continue;
        abandoned += 1;
        await startRelease({ ...open, isSettled: now() - ended >= MAX_INVOCATION_MS });
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Releasing ${open.run}`));
      }
    }
    return { abandoned, failures };
  };

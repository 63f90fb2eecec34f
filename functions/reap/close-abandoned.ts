import { asRelayError, type RelayError } from '#shared/errors.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import type { Notes } from '#shared/records/notes.ts';

export interface CloseAbandonedDependencies {
  readonly notes: Notes;
  /** Raises when it can't be known: unknown is not ended. */
  readonly hasEnded: (run: string) => Promise<boolean>;
  /** Starts the release of a checkout; starting it twice at a time starts it once. */
  readonly startRelease: (checkout: string, run: string) => Promise<void>;
}

/**
 * Lets every checkout be released whose run has ended and left something behind: a request that died with it is given
 * back at once by its marker, but only a release takes back what was delivered, too.
 */
export const createCloseAbandoned =
  ({ notes, hasEnded, startRelease }: CloseAbandonedDependencies) =>
  async (): Promise<{ abandoned: number; failures: RelayError[] }> => {
    const failures: RelayError[] = [];
    let abandoned = 0;
    for (const key of await notes.list(checkoutAt.allOpen)) {
      const open = readOpenKey(key);
      if (open === undefined) continue;
      try {
        if (!(await hasEnded(open.run))) continue;
        abandoned += 1;
        await startRelease(open.checkout, open.run);
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Releasing ${open.run}`));
      }
    }
    return { abandoned, failures };
  };

import { asRelayError, type RelayError } from '#shared/errors.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import type { Notes } from '#shared/records/notes.ts';

export interface CloseAbandonedDependencies {
  readonly notes: Notes;
  /** Raises when it can't be known: unknown is not ended. */
  readonly hasEnded: (run: string) => Promise<boolean>;
  /** Starts the release of a checkout, and says whether it did: starting it twice at a time starts it once. */
  readonly startRelease: (checkout: string, run: string) => Promise<boolean>;
}

export interface Abandoned {
  readonly abandoned: number;
  /** The runs that a release is about to close. */
  readonly closing: ReadonlySet<string>;
  readonly failures: readonly RelayError[];
}

/**
 * Lets every checkout be released whose run has ended and left something behind: only a release takes back what was
 * delivered, and ends sessions as long as their requests tell whose they are.
 */
export const createCloseAbandoned =
  ({ notes, hasEnded, startRelease }: CloseAbandonedDependencies) =>
  async (): Promise<Abandoned> => {
    const failures: RelayError[] = [];
    const closing = new Set<string>();
    let abandoned = 0;
    for (const key of await notes.list(checkoutAt.allOpen)) {
      const open = readOpenKey(key);
      if (open === undefined) continue;
      try {
        if (!(await hasEnded(open.run))) continue;
        abandoned += 1;
        if (await startRelease(open.checkout, open.run)) closing.add(open.run);
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Releasing ${open.run}`));
      }
    }
    return { abandoned, closing, failures };
  };

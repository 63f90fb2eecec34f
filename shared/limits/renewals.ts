import { randomUUID } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { limitAt, type RenewalRecord } from '#shared/limits/limit-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

/** One renewal of the token that all functions share. */
interface Renewal<T> {
  /** Identifies the credentials that the renewal signs in with. */
  readonly version: string;
  /** Returns the token of another function's renewal; undefined if none has taken place. */
  readonly existing: () => Promise<T | undefined>;
  readonly renew: () => Promise<T>;
}

/** Renewals of the shared token of one connection. */
export interface Renewals {
  /**
   * Renews, or returns the token of the function that renews at the same time. Raises the errors of the renewal. A
   * refusal also counts for the functions that wait, because each sign-in with wrong credentials counts towards a
   * lockout. So does a renewal that may have made a token, because the vault limits their number. Raises the errors of
   * the records.
   */
  once<T>(renewal: Renewal<T>): Promise<T>;
}

export interface RenewalsOptions {
  /** Name in relay.yaml. */
  readonly connection: string;
  /** Shared by all functions of the stack. */
  readonly records: SharedRecords;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** The following are replaced only in tests. */
  readonly sleep?: (ms: number, ended?: AbortSignal) => Promise<unknown>;
  readonly random?: () => number;
}

/** Time after which another function renews instead of one that died. */
const TERM_MS = 45_000;

/** Interval at which a function that renews prolongs its term. */
const KEEP_MS = TERM_MS / 3;

/** Mean interval at which a waiting function looks for the new token. */
const LOOK_MS = 500;

/** Time for which a refusal counts for the other functions. They meet the same expiry within it. */
const REFUSAL_MS = 20_000;

const NONE: RenewalRecord = { holder: '', untilMs: 0 };

/** Creates the renewals as one process sees them. */
export const createRenewals = ({
  connection,
  records,
  now,
  sleep = (ms, signal) => sleepFor(ms, undefined, { signal }),
  random = Math.random,
}: RenewalsOptions): Renewals => {
  const place = limitAt.renewal(connection);

  /** Undefined if another function renews. */
  const claim = (holder: string): Promise<RenewalRecord | undefined> =>
    changeRecord(
      records,
      place,
      (current = NONE) => {
        const isFree = now() >= current.untilMs || current.holder === holder;
        const next = { ...current, holder, untilMs: now() + TERM_MS };
        return isFree ? { next, result: next } : { result: undefined };
      },
      { sleep, random },
    );

  /** Prolongs the term until the renewal has ended, because a call for a token can outlast a term. */
  const keepTerm = async (holder: string, ended: AbortSignal): Promise<void> => {
    while (!ended.aborted) {
      await sleep(KEEP_MS, ended);
      await changeRecord(
        records,
        place,
        (current = NONE) => {
          const isHeld = current.holder === holder && current.untilMs > 0;
          return { next: isHeld ? { ...current, untilMs: now() + TERM_MS } : undefined, result: undefined };
        },
        { sleep, random },
      );
    }
  };

  const release = (holder: string, refused?: RenewalRecord['refused']): Promise<void> =>
    changeRecord(
      records,
      place,
      (current = NONE) => {
        // A function that was frozen past its term must not end the term of another. Its refusal counts all the same.
        const isHeld = current.holder === holder && current.untilMs > 0;
        const rest = isHeld ? { holder, untilMs: 0 } : current;
        return { next: isHeld || refused ? { ...rest, ...(refused && { refused }) } : undefined, result: undefined };
      },
      { sleep, random },
    );

  const requireNoRefusal = ({ refused }: RenewalRecord, version: string): void => {
    if (refused?.version !== version || now() - refused.atMs >= REFUSAL_MS) return;
    throw new RelayError(refused.name, refused.message);
  };

  const renewUnder = async <T>(holder: string, claimed: RenewalRecord, { version, existing, renew }: Renewal<T>) => {
    let { refused } = claimed;
    const ended = new AbortController();
    // Ends with an error when it is stopped. If it fails, the term ends by itself.
    keepTerm(holder, ended.signal).catch(() => {});
    try {
      const found = await existing();
      if (found !== undefined) return found;
      requireNoRefusal(claimed, version);
      return await renew().catch((thrown: unknown) => {
        const { name, message, retryable, mayHaveHappened } = asRelayError(thrown, 'Renewing the token');
        if (!retryable || mayHaveHappened) refused = { version, name, message, atMs: now() };
        throw thrown;
      });
    } finally {
      ended.abort();
      // Without it, the term ends by itself.
      await release(holder, refused).catch(() => {});
    }
  };

  return {
    async once(renewal) {
      const holder = randomUUID();
      for (;;) {
        const claimed = await claim(holder);
        if (claimed !== undefined) return renewUnder(holder, claimed, renewal);
        await sleep(LOOK_MS * (0.5 + random()));
        const found = await renewal.existing();
        if (found !== undefined) return found;
      }
    },
  };
};

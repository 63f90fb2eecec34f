import { asRelayError, type RelayError } from '#shared/errors.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import type { EndedAt } from './ended-at.ts';
import type { StartRelease } from './start-release.ts';

export interface CloseAbandonedDependencies {
  readonly signals: Pick<Signals, 'list'>;
  readonly endedAt: EndedAt;
  readonly startRelease: StartRelease;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Releases every checkout that is still open although its run has ended. Also releases again every released checkout
 * whose run continues. `reap` finds leases by their marker, but only a release also retires the delivered secrets. A
 * function can still deliver after its execution was stopped, so the last release starts only when no function of the
 * checkout can still be running.
 */
export const createCloseAbandoned =
  ({ signals, endedAt, startRelease, now }: CloseAbandonedDependencies) =>
  async (): Promise<{ abandoned: number; failures: RelayError[] }> => {
    const failures: RelayError[] = [];
    let abandoned = 0;
    for (const key of await signals.list(checkoutAt.allOpen)) {
      const open = readOpenKey(key);
      if (open === undefined) continue;
      try {
        const ended = await endedAt(open);
        if (ended === undefined) {
          // Otherwise a secret whose delivery was in progress at the release would stay readable until the next look.
          const { released } = readSignals(await signals.list(signalAt.prefix(open)));
          if (released) await startRelease({ ...open, isRunning: true, isSettled: false });
          continue;
        }
        abandoned += 1;
        await startRelease({ ...open, isSettled: now() - ended >= MAX_INVOCATION_MS });
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Releasing ${open.run}`));
      }
    }
    return { abandoned, failures };
  };

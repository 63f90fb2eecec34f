import type { OpenRequest, Vault } from '#shared/clients/password-safe/vault.ts';
import { readMarker } from '#shared/domain/marker.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { Abandoned } from './close-abandoned.ts';

export interface ReapDependencies {
  readonly relayId: string;
  readonly vaults: Readonly<Record<string, Vault>>;
  /** Raises when it can't be known: unknown is not ended. */
  readonly hasEnded: (run: string) => Promise<boolean>;
  readonly measure: (
    connection: string,
    found: { openLeases: number; reaped: number; oldestAgeSeconds: number },
  ) => Promise<void>;
  /** Whether a run holds its requests for as long as somebody asked it to, which makes none of them old. */
  readonly holdsRequests: (run: string) => boolean;
  /** Looks after what checkouts leave behind beside their requests. */
  readonly closeAbandoned: () => Promise<Abandoned>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Reaped {
  readonly openLeases: number;
  readonly reaped: number;
  readonly abandoned: number;
}

/**
 * Gives back what a crash left open: requests that carry our marker and whose run has ended. Never touches what a
 * person, another relay or a running execution opened. Safe to repeat. Every connection is looked after before the
 * first error is raised.
 */
export const createReap =
  ({ relayId, vaults, hasEnded, measure, holdsRequests, closeAbandoned, now }: ReapDependencies) =>
  async (): Promise<Reaped> => {
    const { abandoned, closing, failures: ofCheckouts } = await closeAbandoned().catch(nothingClosed);
    const failures = [...ofCheckouts];
    const total = { openLeases: 0, reaped: 0, abandoned };
    // What a release has not closed by the next time is given back here.
    const isOver = async (run: string): Promise<boolean> => !closing.has(run) && (await hasEnded(run));
    for (const [connection, vault] of Object.entries(vaults)) {
      try {
        const { open, reaped, errors } = await reapConnection(vault, relayId, isOver);
        const leftOver = open.filter(({ reason }) => !holdsRequests(readMarker(reason)?.run ?? ''));
        await measure(connection, { openLeases: open.length, reaped, oldestAgeSeconds: oldestAge(leftOver, now()) });
        total.openLeases += open.length;
        total.reaped += reaped;
        failures.push(...errors);
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Reaping ${connection}`));
      }
    }
    if (failures[0] !== undefined) throw failures[0];
    return total;
  };

const nothingClosed = (thrown: unknown): Abandoned => ({
  abandoned: 0,
  closing: new Set(),
  failures: [asRelayError(thrown, 'Looking for abandoned checkouts')],
});

/** `open` is what is still open afterwards. */
const reapConnection = (vault: Vault, relayId: string, isOver: (run: string) => Promise<boolean>) =>
  vault.withSession(async (session) => {
    const open: OpenRequest[] = [];
    const errors: RelayError[] = [];
    const ended = new Map<string, Promise<boolean>>();
    let reaped = 0;
    for (const request of await session.listOpenRequests()) {
      const marker = readMarker(request.reason);
      if (marker?.relayId !== relayId) continue;
      try {
        const runEnded = ended.get(marker.run) ?? isOver(marker.run);
        ended.set(marker.run, runEnded);
        if (!(await runEnded)) {
          open.push(request);
          continue;
        }
        await session.checkIn(request.requestId, 'Left open by a run that has ended.');
        reaped += 1;
      } catch (thrown) {
        open.push(request);
        errors.push(asRelayError(thrown, `Giving back request ${request.requestId}`));
      }
    }
    return { open, reaped, errors };
  });

const oldestAge = (open: readonly OpenRequest[], now: number): number =>
  open.reduce(
    (oldest, { createdAt }) => Math.max(oldest, createdAt === undefined ? 0 : (now - Date.parse(createdAt)) / 1000),
    0,
  );

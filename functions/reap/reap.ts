import { sessionsOf } from '#shared/clients/password-safe/sessions-of.ts';
import type { OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { readMarker } from '#shared/domain/marker.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';

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
  readonly closeAbandoned: () => Promise<{ abandoned: number; failures: readonly RelayError[] }>;
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
    const failures: RelayError[] = [];
    const total = { openLeases: 0, reaped: 0, abandoned: 0 };
    for (const [connection, vault] of Object.entries(vaults)) {
      try {
        const { open, reaped, errors } = await reapConnection(vault, relayId, hasEnded);
        const leftOver = open.filter(({ reason }) => !holdsRequests(readMarker(reason)?.run ?? ''));
        await measure(connection, { openLeases: open.length, reaped, oldestAgeSeconds: oldestAge(leftOver, now()) });
        total.openLeases += open.length;
        total.reaped += reaped;
        failures.push(...errors);
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Reaping ${connection}`));
      }
    }
    try {
      const checkouts = await closeAbandoned();
      total.abandoned = checkouts.abandoned;
      failures.push(...checkouts.failures);
    } catch (thrown) {
      failures.push(asRelayError(thrown, 'Looking for abandoned checkouts'));
    }
    if (failures[0] !== undefined) throw failures[0];
    return total;
  };

/** `open` is what is still open afterwards. */
const reapConnection = (vault: Vault, relayId: string, hasEnded: (run: string) => Promise<boolean>) =>
  vault.withSession(async (session) => {
    const open: OpenRequest[] = [];
    const errors: RelayError[] = [];
    const ended = new Map<string, Promise<boolean>>();
    let reaped = 0;
    for (const request of await session.listOpenRequests()) {
      const marker = readMarker(request.reason);
      if (marker?.relayId !== relayId) continue;
      try {
        const runEnded = ended.get(marker.run) ?? hasEnded(marker.run);
        ended.set(marker.run, runEnded);
        if (!(await runEnded)) {
          open.push(request);
          continue;
        }
        await endSessions(session, request);
        await session.checkIn(request.requestId, 'Left open by a run that has ended.');
        reaped += 1;
      } catch (thrown) {
        open.push(request);
        errors.push(asRelayError(thrown, `Giving back request ${request.requestId}`));
      }
    }
    return { open, reaped, errors };
  });

/** Sessions that the relay's user may not end go on to their own end: no reason to leave the request open. */
const endSessions = async (session: VaultSession, { requestId, accessType }: OpenRequest): Promise<void> => {
  if (accessType === 'View') return;
  try {
    for (const id of await sessionsOf(session, new Set([requestId]))) await session.terminateSession(id);
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.retryable) throw thrown;
  }
};

const oldestAge = (open: readonly OpenRequest[], now: number): number =>
  open.reduce(
    (oldest, { createdAt }) => Math.max(oldest, createdAt === undefined ? 0 : (now - Date.parse(createdAt)) / 1000),
    0,
  );

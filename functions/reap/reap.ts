import { sessionsOf } from '#shared/clients/password-safe/sessions-of.ts';
import type { OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { readMarker } from '#shared/domain/marker.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { EndedAt } from './ended-at.ts';

export interface ReapDependencies {
  readonly relayId: string;
  readonly vaults: Readonly<Record<string, Vault>>;
  readonly endedAt: EndedAt;
  readonly measure: (
    connection: string,
    found: { openLeases: number; reaped: number; oldestAgeSeconds: number },
  ) => Promise<void>;
  /** Whether a run, while it goes on, holds its requests for as long as somebody asked it to: none of them is too old. */
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
  ({ relayId, vaults, endedAt, measure, holdsRequests, closeAbandoned, now }: ReapDependencies) =>
  async (): Promise<Reaped> => {
    const failures: RelayError[] = [];
    const total = { openLeases: 0, reaped: 0, abandoned: 0 };
    for (const [connection, vault] of Object.entries(vaults)) {
      try {
        const { held, left, reaped, errors } = await reapConnection(vault, relayId, endedAt);
        const tooLong = [...left, ...held.filter(({ run }) => !holdsRequests(run)).map(({ request }) => request)];
        const openLeases = held.length + left.length;
        await measure(connection, { openLeases, reaped, oldestAgeSeconds: oldestAge(tooLong, now()) });
        total.openLeases += openLeases;
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

/** What is still open afterwards: `held` by runs that go on, and `left` of others because it could not be given back. */
const reapConnection = (vault: Vault, relayId: string, endedAt: EndedAt) =>
  vault.withSession(async (session) => {
    const held: { readonly run: string; readonly request: OpenRequest }[] = [];
    const left: OpenRequest[] = [];
    const errors: RelayError[] = [];
    const ends = new Map<string, ReturnType<EndedAt>>();
    let reaped = 0;
    for (const request of await session.listOpenRequests()) {
      const marker = readMarker(request.reason);
      if (marker?.relayId !== relayId) continue;
      try {
        const end = ends.get(marker.run) ?? endedAt(marker.run);
        ends.set(marker.run, end);
        if ((await end) === undefined) {
          held.push({ run: marker.run, request });
          continue;
        }
        await endSessions(session, request);
        await session.checkIn(request.requestId, 'Left open by a run that has ended.');
        reaped += 1;
      } catch (thrown) {
        left.push(request);
        errors.push(asRelayError(thrown, `Giving back request ${request.requestId}`));
      }
    }
    return { held, left, reaped, errors };
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

import pMap from 'p-map';
import type { HeldLease, Leases, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { asRelayError, combineErrors, type RelayError } from '#shared/errors.ts';
import { type Marker, readMarker } from '#shared/leases/marker.ts';
import { endTargetSessions } from '#shared/leases/target-sessions.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import type { EndedAt } from './ended-at.ts';

/** A connection on which leases of the relay can be open, and a rule that opens them. */
export interface ReapedConnection {
  readonly connection: string;
  readonly vault: Vault;
  readonly rule: Source;
}

export interface ReapDependencies {
  readonly relayId: string;
  /** Never raises. The error of a connection is one of the failures. */
  readonly connections: () => Promise<{ found: readonly ReapedConnection[]; failures: readonly RelayError[] }>;
  readonly endedAt: EndedAt;
  readonly measure: (
    connection: string,
    found: { openLeases: number; reaped: number; oldestAgeSeconds: number },
  ) => Promise<void>;
  /** Releases abandoned checkouts. */
  readonly closeAbandoned: () => Promise<{ abandoned: number; failures: readonly RelayError[] }>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Reaped {
  readonly openLeases: number;
  readonly reaped: number;
  readonly abandoned: number;
}

/** Concurrent connections, so that a vault that does not answer for minutes does not delay the others. */
const MAX_CONCURRENCY = 8;

/**
 * Closes leases that have this relay's marker and whose run has ended. Never touches leases of a person, another relay
 * or a running execution. Repeatable. Checkouts come first, because retiring their secrets needs no vault. Every
 * checkout and every connection is processed before an error is raised.
 */
export const createReap =
  ({ relayId, connections, endedAt, measure, closeAbandoned, now }: ReapDependencies) =>
  async (): Promise<Reaped> => {
    const failures: RelayError[] = [];
    const total = { openLeases: 0, reaped: 0, abandoned: 0 };
    const attempt = async (step: () => Promise<void>, during: string): Promise<void> => {
      try {
        await step();
      } catch (thrown) {
        failures.push(asRelayError(thrown, during));
      }
    };
    const reapOne = async (one: ReapedConnection): Promise<void> => {
      const { held, left, reaped, errors } = await reapConnection(one, relayId, endedAt);
      failures.push(...errors);
      const openLeases = held.length + left.length;
      total.openLeases += openLeases;
      total.reaped += reaped;
      const tooLong = [...left, ...held.filter(({ marker }) => !holdsLeases(marker)).map(({ lease }) => lease)];
      await measure(one.connection, { openLeases, reaped, oldestAgeSeconds: oldestAge(tooLong, now()) });
    };

    await attempt(async () => {
      const checkouts = await closeAbandoned();
      total.abandoned = checkouts.abandoned;
      failures.push(...checkouts.failures);
    }, 'Closing abandoned checkouts');
    const { found, failures: unknown } = await connections();
    failures.push(...unknown);
    await pMap(found, (one) => attempt(() => reapOne(one), `Reaping ${one.connection}`), {
      concurrency: MAX_CONCURRENCY,
    });
    const failure = combineErrors(failures);
    if (failure !== undefined) throw failure;
    return total;
  };

/** True for leases of a checkout. Its window determines how long they stay open, so they raise no alarm. */
const holdsLeases = ({ workflow }: Marker): boolean => workflow === 'checkout';

/**
 * Reaps one connection. Returns leases `held` by running executions, and leases `left` because they could not be
 * closed.
 */
const reapConnection = ({ connection, vault, rule }: ReapedConnection, relayId: string, endedAt: EndedAt) =>
  vault.session(async (session) => {
    const leases = session.access(rule);
    if (leases.kind !== 'leases') throw unsupported(connection, leases.kind);
    const held: { readonly marker: Marker; readonly lease: HeldLease }[] = [];
    const left: HeldLease[] = [];
    const errors: RelayError[] = [];
    const ends = new Map<string, ReturnType<EndedAt>>();
    let reaped = 0;
    for (const lease of await leases.held((error) => errors.push(error))) {
      const marker = readMarker(lease.reason);
      if (marker?.relayId !== relayId) continue;
      try {
        const key = `${marker.workflow}/${marker.run}`;
        const end = ends.get(key) ?? endedAt(marker);
        ends.set(key, end);
        if ((await end) === undefined) {
          held.push({ marker, lease });
          continue;
        }
        await close(session, leases, lease);
        reaped += 1;
      } catch (thrown) {
        left.push(lease);
        errors.push(asRelayError(thrown, `Closing lease ${lease.id}`));
      }
    }
    return { held, left, reaped, errors };
  });

const close = async (session: VaultSession, leases: Leases, { id, opens }: HeldLease): Promise<void> => {
  if (opens !== 'credential') {
    const left = await endTargetSessions(session.targetSessions, () => [id], `Ending the sessions of lease ${id}`);
    if (left?.retryable) throw left;
  }
  await leases.close(id, 'Left open by a run that has ended.');
};

const oldestAge = (open: readonly HeldLease[], now: number): number =>
  open.reduce(
    (oldest, { createdAt }) => Math.max(oldest, createdAt === undefined ? 0 : (now - Date.parse(createdAt)) / 1000),
    0,
  );

import pMap from 'p-map';
import type { HeldLease, Leases, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { asRelayError, inOne, type RelayError } from '#shared/errors.ts';
import { type Marker, readMarker } from '#shared/leases/marker.ts';
import { endTargetSessions } from '#shared/leases/target-sessions.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import type { EndedAt } from './ended-at.ts';

/** A connection at which leases of ours can be open, and a rule that opens them. */
export interface ReapedConnection {
  readonly connection: string;
  readonly vault: Vault;
  readonly rule: Source;
}

export interface ReapDependencies {
  readonly relayId: string;
  /** Never raises: what kept it from one is a failure beside the others. */
  readonly connections: () => Promise<{ found: readonly ReapedConnection[]; failures: readonly RelayError[] }>;
  readonly endedAt: EndedAt;
  readonly measure: (
    connection: string,
    found: { openLeases: number; reaped: number; oldestAgeSeconds: number },
  ) => Promise<void>;
  /** Looks after what checkouts leave behind beside their leases. */
  readonly closeAbandoned: () => Promise<{ abandoned: number; failures: readonly RelayError[] }>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Reaped {
  readonly openLeases: number;
  readonly reaped: number;
  readonly abandoned: number;
}

/** A vault that does not answer takes minutes, which the others have to themselves. */
const MAX_CONNECTIONS_AT_ONCE = 8;

/**
 * Closes what a crash left open: leases that carry our marker and whose run has ended. Never touches what a person, another
 * relay or a running execution opened. Repeatable. Checkouts come first, because to take back what they delivered needs no
 * vault; every one of them and every connection is looked after before what went wrong is raised.
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
    }, 'Looking for abandoned checkouts');
    const { found, failures: unknown } = await connections();
    failures.push(...unknown);
    await pMap(found, (one) => attempt(() => reapOne(one), `Reaping ${one.connection}`), {
      concurrency: MAX_CONNECTIONS_AT_ONCE,
    });
    const failure = inOne(failures);
    if (failure !== undefined) throw failure;
    return total;
  };

/** A checkout that goes on holds its leases for as long as it was asked to: none of them is too old. */
const holdsLeases = ({ workflow }: Marker): boolean => workflow === 'checkout';

/** State of a connection afterwards: leases `held` by runs that go on, and those `left` because they could not be closed. */
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

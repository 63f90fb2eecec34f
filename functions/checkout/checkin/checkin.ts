import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Leases, Vault, VaultSession } from '#shared/connections/vault.ts';
import type { RelayError } from '#shared/errors.ts';
import { closeAll } from '#shared/leases/close.ts';
import { findOurs, type IsOurs, markedAs } from '#shared/leases/ours.ts';
import { endTargetSessions } from '#shared/leases/target-sessions.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { readSessions, type Signals, signalAt } from '#shared/records/signals.ts';
import type { CheckedIn, CheckoutStepInput } from '#shared/workflows/checkout.ts';

export interface CheckInCheckoutDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Called if a target session is still open after the end of its lease. */
  readonly onSessionLeft: (error: RelayError) => void;
}

/**
 * Closes a checkout in the vault: first its target sessions, then every lease whose id is known or that has its marker.
 * Needs only the name of the run, so that a release, or `reap` after a crash, can do it. Repeatable.
 */
export const createCheckInCheckout =
  ({ relayId, config, vaultOf, records, signals, now, onSessionLeft }: CheckInCheckoutDependencies) =>
  async (input: CheckoutStepInput): Promise<CheckedIn> => {
    const { workflow, rule, run, requested } = input;
    const record = await records.read(checkoutAt.record(input));
    const settings = record?.settings ?? ruleOf(config, 'checkout', rule);
    const vault = await vaultOf(settings.connection);
    const { accessKind, opens } = vault.rules(settings);
    const mayHaveSessions = opens === 'target-session';
    const opened = mayHaveSessions ? readSessions(await signals.list(signalAt.prefix(input))) : [];
    // A user that needs no leases may lack the permission to list them.
    if (accessKind !== 'leases' && opened.length === 0) return { at: new Date(now()).toISOString(), closed: 0 };
    const known = requested?.leases.map(({ id }) => id) ?? [];
    const isOurs = markedAs({ relayId, workflow, rule, run, batch: 0 });
    return vault.session(async (session) => {
      const leases = leasesOf(session.access(settings));
      const left = mayHaveSessions
        ? await endTargetSessions(
            session.targetSessions,
            () => idsOfOurs(leases, known, isOurs),
            `Ending the sessions of ${run}`,
            { ids: opened, items: record?.items.map(({ item }) => item.ref) ?? [] },
          )
        : undefined;
      const { closed, failure } = leases === undefined ? { closed: [] } : await closeAll(leases, known, isOurs);
      if (failure !== undefined) throw failure;
      if (left?.retryable) throw left;
      if (left !== undefined) onSessionLeft(left);
      const latest = Math.max(...closed.flatMap(({ at }) => at ?? []));
      return { at: new Date(Number.isFinite(latest) ? latest : now()).toISOString(), closed: closed.length };
    });
  };

const leasesOf = (access: ReturnType<VaultSession['access']>): Leases | undefined =>
  access.kind === 'leases' ? access : undefined;

/** Ignores unreadable leases here; closing the leases reports them. */
const idsOfOurs = async (leases: Leases | undefined, known: readonly string[], isOurs: IsOurs): Promise<string[]> =>
  leases === undefined ? [] : [...known, ...(await findOurs(leases, isOurs, () => {})).map(({ id }) => id)];

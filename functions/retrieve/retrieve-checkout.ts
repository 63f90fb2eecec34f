import pMap from 'p-map';
import type { CourseInput, Retrieved } from '#shared/checkout-workflow.ts';
import type { SessionGrant, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { describeAccount } from '#shared/domain/account.ts';
import { ACCESS_FOR } from '#shared/domain/checkout.ts';
import type { Credential } from '#shared/domain/credential.ts';
import { requestTerms } from '#shared/domain/lease.ts';
import { withMarker } from '#shared/domain/marker.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt } from '#shared/records/notes.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';

export interface RetrieveCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Vault;
  readonly storeFor: (record: CheckoutRecord) => SecretStore;
  readonly records: Records;
  readonly notes: Notes;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A version id that no delivery had before. */
  readonly newVersionId: () => string;
}

type Item = CheckoutRecord['items'][number];

/** What is taken out of the vault for one account. */
interface Taken {
  readonly credential: Credential;
  readonly sessionId?: number | undefined;
}

const AT_ONCE = 8;

/**
 * Reads each credential of a checkout, or opens its session, and delivers it. Safe to repeat, although each attempt reads
 * anew: a ticket is never the same twice, so that every delivery is a version of its own.
 */
export const createRetrieveCheckout =
  ({ relayId, vaultOf, storeFor, records, notes, now, newVersionId }: RetrieveCheckoutDependencies) =>
  async ({ run, order, requested }: CourseInput): Promise<Retrieved> => {
    const record = await readRequired(records, checkoutAt.record(order.checkout, run));
    const store = storeFor(record);
    const rendering = createRendering(record.rule.value, { checkoutId: order.id });
    const reason = withMarker(record.order.reason, { relayId, run, batch: 0 });

    const take = async (session: VaultSession, item: Item, index: number): Promise<Taken> => {
      if (record.rule.access === 'isa') return takeAsIsa(session, record, item, reason, now());
      const lease = requested?.leases.find((candidate) => candidate.item === index);
      if (lease === undefined) throw new RelayError('LeaseGone', `Checkout ${run} lost a request before it was read.`);
      return takeByRequest(session, record, lease.requestId);
    };

    /** What became of one account. None is left under way when another fails: it would be delivered after the end. */
    const deliver = async (session: VaultSession, item: Item, index: number): Promise<RelayError | undefined> => {
      try {
        const { credential, sessionId } = await take(session, item, index);
        // A session by the ISA role belongs to no request by which whoever closes this could find it.
        if (sessionId !== undefined) await notes.put(noteAt.session(order.checkout, run, sessionId));
        await put(item, credential);
        return undefined;
      } catch (thrown) {
        return asRelayError(thrown, `Handing out ${describeAccount(item.account)}`);
      }
    };

    const put = async (item: Item, credential: Credential): Promise<void> => {
      await store.deliver({
        name: item.secretName,
        value: rendering.render(item.account, credential),
        versionId: newVersionId(),
        replaces: await currentVersion(store, item),
        description: `Checkout ${run} of ${describeAccount(item.account)}, delivered by pam-relay.`,
      });
    };

    const outcomes = await vaultOf(record.rule.connection).withSession((session) =>
      pMap(record.items, (item, index) => deliver(session, item, index), { concurrency: AT_ONCE }),
    );
    const failures = outcomes.flatMap((failure) => failure ?? []);
    const failure = failures.find(({ name }) => name !== 'LeaseGone');
    if (failure !== undefined) throw failure;
    return {
      at: new Date(now()).toISOString(),
      delivered: outcomes.length - failures.length,
      // Somebody ended a request under our hands: that is an answer, and no failure.
      gone: failures.length > 0,
    };
  };

const takeByRequest = async (session: VaultSession, { rule }: CheckoutRecord, requestId: number): Promise<Taken> => {
  const { handsOut } = rule;
  return handsOut === 'password' || handsOut === 'dsskey'
    ? { credential: await session.readCredential(requestId, { kind: handsOut }) }
    : taken(await session.openSession(requestId, handsOut));
};

const MINUTE_MS = 60_000;

const takeAsIsa = async (
  session: VaultSession,
  { rule, order }: CheckoutRecord,
  { account }: Item,
  reason: string,
  now: number,
): Promise<Taken> => {
  const { handsOut, extensionMinutes } = rule;
  const minutes =
    'until' in order.window ? Math.ceil((Date.parse(order.window.until) - now) / MINUTE_MS) : order.window.minutes;
  const terms = {
    ...requestTerms(account, Math.max(1, minutes) + extensionMinutes, reason),
    accessType: ACCESS_FOR[handsOut],
  };
  return handsOut === 'password' || handsOut === 'dsskey'
    ? { credential: await session.readAsIsa(terms, handsOut) }
    : taken(await session.openIsaSession(terms, handsOut));
};

const taken = ({ credential, sessionId }: SessionGrant): Taken => ({ credential: { secret: credential }, sessionId });

/** An earlier attempt may have delivered already. */
const currentVersion = async (store: SecretStore, { secretName }: Item): Promise<string | undefined> => {
  const found = await store.inspect(secretName);
  if (found.kind === 'foreign') {
    throw new RelayError(
      'SecretForeign',
      `The secret ${secretName}, which a checkout would use, is not its own. To hand it over, run: ${store.adoptCommand(secretName)}`,
    );
  }
  return found.kind === 'owned' && !found.retired ? found.currentVersionId : undefined;
};

import { testAccess } from '#shared/connections/password-safe/access.ts';
import { readAliasCredential } from '#shared/connections/password-safe/aliases.ts';
import { readCredential } from '#shared/connections/password-safe/credentials.ts';
import { ACCESS_FOR, isCredentialKind } from '#shared/connections/password-safe/delivered.ts';
import type { SessionGrant } from '#shared/connections/password-safe/grants.ts';
import { idIn } from '#shared/connections/password-safe/ids.ts';
import { readAsIsa } from '#shared/connections/password-safe/isa.ts';
import type { RequestTerms } from '#shared/connections/password-safe/request-terms.ts';
import {
  checkIn,
  listOpenRequests,
  type OpenRequest,
  openRequest,
} from '#shared/connections/password-safe/requests.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import {
  type AccountHandle,
  accountIn,
  accountRef,
  aliasIn,
  aliasRef,
  targetAccountIn,
} from '#shared/connections/password-safe/sources/account-items.ts';
import type { AccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import { offerHandle, ticketSystemIn } from '#shared/connections/password-safe/sources/offers.ts';
import { openIsaSession, openSession } from '#shared/connections/password-safe/target-sessions.ts';
import type { Access, HeldLease, Leases, LeaseTerms, PlainReads, Read } from '#shared/connections/vault.ts';
import type { Item, ItemRef } from '#shared/domain/item.ts';

/** Access to accounts: through requests, which may need approval, or through the ISA role. */
export const accessAccounts = (session: Session, rule: AccountRule): Access =>
  rule.access === 'isa' ? createIsaReads(session, rule) : createRequests(session, rule);

/** Limits the duration, because the vault refuses a request that is too long. */
const cutMinutes = (minutes: number, { maximumReleaseMinutes }: AccountHandle): number =>
  Math.min(minutes, maximumReleaseMinutes ?? minutes);

const createRequests = (session: Session, rule: AccountRule): Leases => ({
  kind: 'leases',

  async offers(item, minutes) {
    const offers = await testAccess(session, targetAccountIn(item), minutes);
    return offers
      .filter(({ accessType }) => accessType === ACCESS_FOR[rule.delivers])
      .map((offer) => ({
        approvers: offer.minApprovers,
        needsTicket: offer.requiresTicket,
        handle: offerHandle(offer),
      }));
  },

  async open(item, terms) {
    const wanted = requestTerms(rule, item, terms);
    const { requestId, reused, at } = await openRequest(session, wanted);
    return { id: String(requestId), ours: !reused, endsAt: reused ? undefined : endOf(wanted, at) };
  },

  async read(leaseId, item) {
    const requestId = idIn(leaseId, 'request');
    const { delivers } = rule;
    if (!isCredentialKind(delivers)) return readingOf(await openSession(session, requestId, delivers));
    const alias = aliasIn(item);
    const content =
      alias === undefined
        ? await readCredential(session, requestId, delivers)
        : await readAliasCredential(session, requestId, alias, delivers);
    return { content };
  },

  held: async (onUnreadable) => (await listOpenRequests(session, onUnreadable)).map(toHeldLease),

  close: async (leaseId, note) => checkIn(session, idIn(leaseId, 'request'), note),
});

const MINUTE_MS = 60_000;

/** A request ends its duration after its start (reference: 3.1). */
const endOf = ({ durationMinutes }: RequestTerms, startedAt: string | undefined): string | undefined =>
  startedAt === undefined ? undefined : new Date(Date.parse(startedAt) + durationMinutes * MINUTE_MS).toISOString();

const requestTerms = (rule: AccountRule, item: Item, terms: LeaseTerms): RequestTerms => {
  const account = targetAccountIn(item);
  return {
    systemId: account.systemId,
    accountId: account.accountId,
    aliasId: aliasIn(item)?.aliasId,
    applicationId: account.applicationId ?? undefined,
    accessType: ACCESS_FOR[rule.delivers],
    durationMinutes: cutMinutes(terms.minutes ?? rule.requestMinutes, account),
    reason: terms.reason,
    ticket:
      terms.ticket === undefined
        ? undefined
        : { number: terms.ticket, systemId: rule.ticketSystemId ?? ticketSystemIn(terms.offer) },
    rotateOnCheckIn: terms.changeAtEnd,
    whenOpen: terms.whenHeld,
  };
};

const OPENS = { View: 'credential', RDP: 'target-session', SSH: 'target-session', App: 'target-session' } as const;

const refsOf = ({ systemId, accountId, aliasId }: OpenRequest): ItemRef[] => [
  ...(systemId === undefined || accountId === undefined ? [] : [accountRef({ systemId, accountId })]),
  ...(aliasId === undefined ? [] : [aliasRef({ aliasId })]),
];

const toHeldLease = (request: OpenRequest): HeldLease => ({
  id: String(request.requestId),
  items: refsOf(request),
  status: request.status,
  opens: request.accessType === undefined ? 'unknown' : OPENS[request.accessType],
  reason: request.reason,
  createdAt: request.createdAt,
  endsAt: request.expiresAt,
});

const createIsaReads = (session: Session, rule: AccountRule): PlainReads => ({
  kind: 'plain-reads',

  async read(item, { reason, minutes = rule.requestMinutes }) {
    const account = accountIn(item);
    const terms = {
      systemId: account.systemId,
      accountId: account.accountId,
      applicationId: account.applicationId ?? undefined,
      durationMinutes: cutMinutes(minutes, account),
      reason,
    };
    const { delivers } = rule;
    if (!isCredentialKind(delivers)) return readingOf(await openIsaSession(session, terms, delivers));
    const { endsAt, ...content } = await readAsIsa(session, terms, delivers);
    return { content, endsAt };
  },
});

const readingOf = ({ credential, sessionId }: SessionGrant): Read => ({
  content: { secret: credential },
  targetSession: sessionId === undefined ? undefined : String(sessionId),
});

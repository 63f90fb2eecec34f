import type { AllLeases, OpenLease, UnknownLease } from '#shared/connections/all-leases.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { Account, Accounts } from '#shared/connections/sra/accounts.ts';
import { interpretForced } from '#shared/connections/sra/errors.ts';
import { nameKey, readActivity, spanSince } from '#shared/connections/sra/reports/activity.ts';
import {
  isInUse,
  judgeLease,
  type LeaseFacts,
  type LeaseVerdict,
  type OpenCheckOut,
} from '#shared/connections/sra/reports/open-leases.ts';
import { readEnds } from '#shared/connections/sra/reports/sessions.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { accountIdIn, accountItem, handleIn, labelsOf } from '#shared/connections/sra/sources/account-items.ts';
import { vaultAccounts } from '#shared/connections/sra/sources/vault-accounts.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import { emptyOrJson } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

const INCOMPLETE =
  'The list of accounts was incomplete, so another account can have its name. The next look tries again.';

const UNLISTED =
  'The site does not list the account any more: it was deleted, or the API account may not see it. It can still be checked out.';

/** Types whose check-out the site does not end by force. */
const UNFORCED: ReadonlySet<string> = new Set(['ssh', 'ssh_ca']);

/** Reason why the site does not end the check-out of an account; undefined if it may be asked. */
const refusalOf = (item: Rotated): string | undefined => {
  const { type } = handleIn(item);
  return UNFORCED.has(type)
    ? `The site does not end the check-out of an account of the type ${type} by force. Ask its user to check it in.`
    : undefined;
};

/** Accounts of the site, with the personal ones, which can share a name with others. */
const listAccounts = async (accounts: Accounts) => {
  const all: Account[] = [];
  let complete = true;
  for await (const page of accounts.list({ withPersonal: true })) {
    all.push(...page.accounts);
    complete &&= page.complete;
  }
  return { all, complete };
};

/** Accounts without a shown check-out that one look reads one by one. */
const MAX_LOOKUPS = 100;

const NOT_DATED =
  'The site does not show when the last check-out was, so the activity report of 89 days does not prove whether one is open.';

const RENAMED =
  'The activity report has events of the account with another name, so it does not prove whether a check-out is open. Check it in at the site.';

/** Account and what the reports prove about its check-out. */
interface Judged {
  readonly account: Account;
  readonly item: Item;
  readonly facts: LeaseFacts;
  readonly verdict: LeaseVerdict;
}

const toLease = (item: Item, verdict: OpenCheckOut, ends: ReadonlyMap<string, boolean>): OpenLease => ({
  item,
  since: new Date(verdict.sinceMs).toISOString(),
  firstSince: new Date(verdict.firstMs).toISOString(),
  ...(verdict.holder !== undefined && { holder: verdict.holder }),
  others: verdict.others,
  inUse: isInUse(verdict, ends),
  refusal: refusalOf(item),
});

const isShown = ({ facts: { events } }: Judged): boolean => events.some(({ kind }) => kind === 'checkedOut');

const judgeAgain =
  (accounts: Accounts, beforeMs: number) =>
  async (judged: Judged): Promise<Judged> => {
    if (judged.verdict.kind !== 'undated') return judged;
    // At some sites, only the page of an account has it.
    const lastCheckOutMs = (await accounts.read(judged.account.accountId))?.lastCheckOutMs;
    return { ...judged, verdict: judgeLease({ ...judged.facts, lastCheckOutMs }, beforeMs) };
  };

/** Judges the check-outs that began before a time, of the accounts that are wanted. */
const judgeAll = async (
  { session, accounts, beforeMs }: { session: Session; accounts: Accounts; beforeMs: number },
  isWanted: (account: Account) => boolean,
): Promise<{ readonly judged: readonly Judged[]; readonly complete: boolean }> => {
  const span = spanSince(session.now());
  // The accounts come first: a check-out that the list shows is in the report.
  const { all, complete } = await listAccounts(accounts);
  const events = Map.groupBy(await readActivity(session, span), ({ account }) => account);
  const sharers = Map.groupBy(all, ({ name }) => nameKey(name));
  const first = all.flatMap((account): Judged[] => {
    const { type, name, lastCheckOutMs } = account;
    if (type === undefined || !isWanted(account)) return [];
    const key = nameKey(name);
    const facts = {
      events: events.get(key) ?? [],
      sharers: sharers.get(key)?.length ?? 1,
      lastCheckOutMs,
      shownSinceMs: span.fromMs,
    };
    return [{ account, item: accountItem(account, type), facts, verdict: judgeLease(facts, beforeMs) }];
  });
  const unshown = first.filter((one) => one.verdict.kind === 'undated' && !isShown(one));
  const again = judgeAgain(accounts, beforeMs);
  const judged = await Promise.all(
    first.map((one) => (unshown.length > MAX_LOOKUPS && !isShown(one) ? one : again(one))),
  );
  return { judged: complete ? judged : judged.map(unproven), complete };
};

/** An account that was not listed can have the name of this one. */
const unproven = (judged: Judged): Judged =>
  judged.verdict.kind === 'open' ? { ...judged, verdict: { kind: 'unknown', reason: INCOMPLETE } } : judged;

const unknownIn = (judged: readonly Judged[]): UnknownLease[] => {
  const undated = judged.filter(({ verdict }) => verdict.kind === 'undated').length;
  return [
    ...judged.flatMap(({ item: { title, labels }, verdict }) =>
      verdict.kind === 'unknown' ? [{ title, labels, reason: verdict.reason }] : [],
    ),
    ...(undated === 0 ? [] : [{ title: undated === 1 ? 'One account' : `${undated} accounts`, reason: NOT_DATED }]),
  ];
};

/** Check-outs of all users of the site, by its activity report. */
export const allAccountLeases = (session: Session, accounts: Accounts, source: Source): AllLeases => ({
  async openedBefore(time) {
    const { patterns } = vaultAccounts.rules(source);
    const isWanted = (account: Account): boolean => isSelected(patterns, labelsOf(account));
    const { judged, complete } = await judgeAll({ session, accounts, beforeMs: Date.parse(time) }, isWanted);
    const open = judged.flatMap(({ item, verdict }) => (verdict.kind === 'open' ? [{ item, verdict }] : []));
    const unknown = unknownIn(judged);
    if (!complete) unknown.push({ title: 'Accounts that were not listed', reason: INCOMPLETE });
    const ends = await readEnds(session, [...new Set(open.flatMap(({ verdict }) => verdict.sessionIds))]);
    return { open: open.map(({ item, verdict }) => toLease(item, verdict, ends)), unknown };
  },

  // The page and the events of one id cost the same at every site, and do not depend on names.
  async current(item) {
    const account = await accounts.read(accountIdIn(item));
    if (account?.type === undefined) return { state: 'unknown', reason: UNLISTED };
    const { accountId, name, type, lastCheckOutMs } = account;
    const span = spanSince(session.now());
    const events = await readActivity(session, span, { accountId });
    // A site that leaves the limit out of account sends the events of all.
    if (events.some((event) => event.account !== nameKey(name))) return { state: 'unknown', reason: RENAMED };
    const facts = { events, sharers: 1, lastCheckOutMs, shownSinceMs: span.fromMs };
    const verdict = judgeLease(facts, Number.POSITIVE_INFINITY);
    if (verdict.kind === 'closed') return { state: 'none' };
    if (verdict.kind === 'undated') return { state: 'unknown', reason: NOT_DATED };
    if (verdict.kind === 'unknown') return { state: 'unknown', reason: verdict.reason };
    const ends = await readEnds(session, verdict.sessionIds);
    return { state: 'open', lease: toLease(accountItem(account, type), verdict, ends) };
  },

  async end(item) {
    const refusal = refusalOf(item);
    if (refusal !== undefined)
      throw new RelayError('ChangeRefused', `${session.connection}: ${item.title}: ${refusal}`);
    await session.send({
      method: 'POST',
      path: `${CONFIGURATION}/vault/account/${accountIdIn(item)}/force-check-in`,
      body: jsonBody({}),
      // Sent again, it could end a check-out that began in between.
      idempotent: false,
      interpret: interpretForced,
      read: emptyOrJson,
    });
  },
});

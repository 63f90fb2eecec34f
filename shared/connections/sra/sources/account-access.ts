import { checkIn, checkOut } from '#shared/connections/sra/credentials.ts';
import { interpretCall } from '#shared/connections/sra/errors.ts';
import { readActivity, spanSince } from '#shared/connections/sra/reports/activity.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { accountIdIn } from '#shared/connections/sra/sources/account-items.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import type { OpeningReads } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { nothing } from '#shared/http/answer.ts';

/** Smallest page of the site. */
const SMALLEST_PAGE = 5;

/** A cheap call, for the rest of the hour that its answer shows. */
const readHour = (session: Session) =>
  session.send({
    method: 'GET',
    path: `${CONFIGURATION}/vault/account-policy`,
    query: { per_page: SMALLEST_PAGE },
    idempotent: true,
    interpret: interpretCall,
    read: nothing,
  });

/** True if the report proves that an account was deleted, and its check-out with it. Never raises. */
const isDeleted = async (session: Session, accountId: number): Promise<boolean> => {
  const events = await readActivity(session, spanSince(session.now()), { accountId }).catch(() => []);
  return events.some(({ kind }) => kind === 'deleted');
};

/** Access to accounts: a check-out returns the credential, and names neither a run nor an id. */
export const accessAccounts = (session: Session): OpeningReads => ({
  kind: 'opening-reads',

  async admit(items) {
    if (!session.hour.isKnown()) await readHour(session);
    session.hour.require(items);
  },

  async openAndRead(item) {
    const accountId = accountIdIn(item);
    session.hour.require(0);
    return { content: await checkOut(session, accountId) };
  },

  async close(item) {
    const accountId = accountIdIn(item);
    try {
      return await checkIn(session, accountId);
    } catch (error) {
      // An account that this API account does not see any more looks like a deleted one, and stays checked out.
      const isUnseen = error instanceof RelayError && error.name === 'NotFound';
      if (isUnseen && (await isDeleted(session, accountId))) return {};
      throw error;
    }
  },
});

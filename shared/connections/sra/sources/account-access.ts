import { checkIn, checkOut } from '#shared/connections/sra/credentials.ts';
import { interpretCall } from '#shared/connections/sra/errors.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { accountIdIn } from '#shared/connections/sra/sources/account-items.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import type { OpeningReads } from '#shared/connections/vault.ts';
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

  close: async (item) => checkIn(session, accountIdIn(item)),
});

import type { CredentialState, Inspection, Placement, Rotated, Rotation } from '#shared/connections/rotation.ts';
import { ROTATED_TYPES } from '#shared/connections/sra/account-types.ts';
import type { Accounts } from '#shared/connections/sra/accounts.ts';
import { interpretRotate } from '#shared/connections/sra/errors.ts';
import { nameKey, readActivity, spanSince } from '#shared/connections/sra/reports/activity.ts';
import { lastChangeIn, lastChanges, PROVEN, readHappened } from '#shared/connections/sra/reports/changes.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { accountIdIn, handleIn } from '#shared/connections/sra/sources/account-items.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import { type ItemRef, itemKey } from '#shared/domain/item.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { emptyOrJson } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/** Pages of a list whose length is not known. */
const LIKELY_PAGES = 4;

/** Span of a report that only proves that it may be read. */
const PROBE_MS = 60_000;

/** The site shows a change once it has happened, and neither its queue nor a change that goes on. */
const stateAt = (changedAt: string | undefined): CredentialState => ({
  changing: 'unknown',
  ...(changedAt !== undefined && { changedAt }),
});

/** Names that one listed account alone has. Empty if the list may lack accounts. */
const readUniqueNames = async (accounts: Accounts): Promise<ReadonlySet<string>> => {
  const numbers = new Map<string, number>();
  let complete = true;
  for await (const page of accounts.list({ withPersonal: true })) {
    complete &&= page.complete;
    for (const { name } of page.accounts) numbers.set(nameKey(name), (numbers.get(nameKey(name)) ?? 0) + 1);
  }
  return new Set(complete ? [...numbers].flatMap(([name, number]) => (number === 1 ? [name] : [])) : []);
};

/**
 * Changes the credentials of Windows accounts, which the site itself replaces. It has no test of a credential, and only
 * its activity report shows that one has changed.
 */
export const rotateAccounts = (session: Session, accounts: Accounts): Rotation => {
  const refusalOf = (item: Rotated): RelayError | undefined => {
    const { type } = handleIn(item);
    if (ROTATED_TYPES.some((rotated) => rotated === type)) return undefined;
    return new RelayError(
      'ChangeRefused',
      `${session.connection}: ${item.title} has the type ${type}, whose credential the site does not change itself. Select the types ${ROTATED_TYPES.join(' and ')} in the rotation.`,
    );
  };

  const state = async (item: Rotated): Promise<CredentialState> => {
    const accountId = accountIdIn(item);
    return stateAt(lastChangeIn(await readHappened(session, spanSince(session.now()), { accountId }), PROVEN));
  };

  const stateOrError = (item: Rotated): Promise<CredentialState | RelayError> =>
    state(item).catch((error: unknown) => asRelayError(error, `Reading the state of ${item.title}`));

  return {
    async order(items) {
      const placements = items.map((item): Placement => {
        const refusal = refusalOf(item);
        return { ref: item.ref, system: itemKey(item.ref), after: [], ...(refusal !== undefined && { refusal }) };
      });
      // Without the report, no change would ever show.
      if (placements.some(({ refusal }) => refusal === undefined)) {
        const now = session.now();
        await readActivity(session, { fromMs: now - PROBE_MS, toMs: now });
      }
      return { placements };
    },

    async inspect(item): Promise<Inspection> {
      const refusal = refusalOf(item);
      return { state: await state(item), ...(refusal !== undefined && { refusal }) };
    },

    async change(item) {
      await session.send({
        method: 'POST',
        path: `${CONFIGURATION}/vault/account/${accountIdIn(item)}/rotate`,
        body: jsonBody({}),
        idempotent: false,
        interpret: interpretRotate,
        read: emptyOrJson,
      });
    },

    state,

    async states(items, pages = LIKELY_PAGES) {
      const one = async (item: Rotated): Promise<readonly [ItemRef, CredentialState | RelayError]> => [
        item.ref,
        await stateOrError(item),
      ];
      // One report of everything does not tell accounts with one name apart, so it needs the names of all accounts.
      if (items.length <= Math.max(1, pages) + 1) return Promise.all(items.map(one));
      const unique = await readUniqueNames(accounts);
      const changes = lastChanges(await readHappened(session, spanSince(session.now())), PROVEN);
      return Promise.all(
        items.map((item) => {
          const name = nameKey(handleIn(item).name);
          // A change can be that of an account that had the name earlier, so the events of the account itself prove it.
          return unique.has(name) && !changes.has(name) ? ([item.ref, stateAt(undefined)] as const) : one(item);
        }),
      );
    },
  };
};

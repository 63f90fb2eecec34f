import type { Account } from '#shared/connections/password-safe/account.ts';
import { listAccounts } from '#shared/connections/password-safe/accounts.ts';
import { readMapping } from '#shared/connections/password-safe/aliases.ts';
import {
  changeCredential,
  readChangeState,
  stateOf,
  testCredential,
} from '#shared/connections/password-safe/changes.ts';
import { readSystem } from '#shared/connections/password-safe/inventory.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import {
  accountOfAlias,
  accountRef,
  aliasIn,
  orderedIn,
  rotatedIn,
} from '#shared/connections/password-safe/sources/account-items.ts';
import { orderAccounts } from '#shared/connections/password-safe/sources/account-order.ts';
import { refusalOfKey, refusalOfUser } from '#shared/connections/password-safe/sources/account-refusals.ts';
import type { AccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import type { CredentialState, Inspection, Pair, Rotated, Rotation } from '#shared/connections/rotation.ts';
import { type ItemRef, itemKey } from '#shared/domain/item.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';

/** Pages of a list whose length is not known. */
const LIKELY_PAGES = 4;

const stateIn = ({ changing, changedAt, unreadableDate }: Account): CredentialState =>
  stateOf(changing, { changedAt, unreadableDate });

const notListed = ({ connection }: Session, { title }: Rotated): RelayError =>
  new RelayError(
    'NotFound',
    `${connection}: the list of accounts does not contain ${title}. Check that the account exists, and that the user may request it.`,
  );

/**
 * Changes the credentials of accounts: the password, or the private key if the rule delivers keys. Never those of the
 * users with which the relay signs in.
 */
export const rotateAccounts = (
  session: Session,
  { delivers, select }: AccountRule,
  relayUsers: readonly string[],
): Rotation => {
  /** Key rules by system. Accounts of one system have the same. */
  const keyRules = new Map<number, Promise<number | undefined>>();
  const keyRuleOf = (systemId: number): Promise<number | undefined> => {
    const keyRule = keyRules.get(systemId) ?? readSystem(session, systemId).then((system) => system.keyRule);
    keyRules.set(systemId, keyRule);
    keyRule.catch(() => keyRules.delete(systemId));
    return keyRule;
  };

  const state = async (item: Rotated) => (await readChangeState(session, rotatedIn(item).accountId)).state;

  /** States by the keys of items, and whether the list was complete. Ends with the page that has the last one. */
  const listStates = async (items: readonly Rotated[]) => {
    const wanted = new Set(items.map((item) => itemKey(accountRef(rotatedIn(item)))));
    const found = new Map<string, CredentialState>();
    let complete = true;
    for await (const page of listAccounts(session, { types: select.types, workgroups: select.workgroups })) {
      for (const account of page.accounts) {
        const key = itemKey(accountRef(account));
        if (wanted.has(key)) found.set(key, stateIn(account));
      }
      if (found.size === wanted.size) break;
      complete &&= page.complete;
    }
    return { found, complete };
  };

  const stateOrError = (item: Rotated): Promise<CredentialState | RelayError> =>
    state(item).catch((error: unknown) => asRelayError(error, `Reading the state of ${item.title}`));

  return {
    state,

    async states(items, pages = LIKELY_PAGES) {
      // One call reads an account or a page.
      if (items.length <= Math.max(1, pages)) {
        return Promise.all(items.map(async (item) => [item.ref, await stateOrError(item)] as const));
      }
      const { found, complete } = await listStates(items);
      const missing = (item: Rotated) => (complete ? notListed(session, item) : stateOf('unknown', {}));
      return items.map((item): readonly [ItemRef, CredentialState | RelayError] => [
        item.ref,
        found.get(itemKey(item.ref)) ?? missing(item),
      ]);
    },

    order: (items) =>
      orderAccounts(
        session,
        { delivers, relayUsers },
        items.map((item) => ({ item, accounts: [rotatedIn(item)] })),
      ),

    async inspect(item): Promise<Inspection> {
      const { systemId, accountId } = rotatedIn(item);
      const { state: current, names, managesKey, parentId } = await readChangeState(session, accountId);
      const inspection = { state: current, set: String(parentId) };
      const refusal = refusalOfUser(session, item, names, relayUsers);
      if (delivers !== 'dsskey' || refusal !== undefined) return { ...inspection, refusal };
      const keyRule = managesKey ? await keyRuleOf(systemId) : undefined;
      return { ...inspection, refusal: refusalOfKey(session, item, { managesKey, keyRule }) };
    },

    change: async (item, how) => changeCredential(session, rotatedIn(item).accountId, how),

    test: async (item) => ((await testCredential(session, rotatedIn(item).accountId)) ? 'passed' : 'failed'),
  };
};

/** Changes the accounts of aliases, one of which each alias points at. */
export const rotateAliases = (session: Session, rule: AccountRule, relayUsers: readonly string[]): Rotation => ({
  ...rotateAccounts(session, rule, relayUsers),

  order: (items) =>
    orderAccounts(
      session,
      { delivers: rule.delivers, relayUsers },
      items.map((item) => ({ item, accounts: [orderedIn(item)] })),
    ),

  async pair(item): Promise<Pair> {
    const alias = aliasIn(item);
    if (alias === undefined) {
      throw new RelayError('ContractViolated', `${item.title} is not an alias. Start the run again.`);
    }
    const { active, standby } = await readMapping(session, alias.aliasId);
    return {
      active: active && accountOfAlias(item, active),
      standby: standby.map((account) => accountOfAlias(item, account)),
    };
  },
});

/** Changes the accounts of pairs. The workflow knows which of them is active. */
export const rotatePairs = (session: Session, rule: AccountRule, relayUsers: readonly string[]): Rotation => ({
  ...rotateAccounts(session, rule, relayUsers),

  order: (items) =>
    orderAccounts(
      session,
      { delivers: rule.delivers, relayUsers },
      items.map((item) => ({ item, accounts: (item.members ?? [item]).map(rotatedIn) })),
    ),
});

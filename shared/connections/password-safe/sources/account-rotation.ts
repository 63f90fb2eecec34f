import type { Account } from '#shared/connections/password-safe/account.ts';
import { listAccounts } from '#shared/connections/password-safe/accounts.ts';
import { readMapping } from '#shared/connections/password-safe/aliases.ts';
import {
  changeCredential,
  readChangeState,
  readKeyRule,
  stateOf,
  testCredential,
} from '#shared/connections/password-safe/changes.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import {
  accountOfAlias,
  accountRef,
  aliasIn,
  rotatedIn,
} from '#shared/connections/password-safe/sources/account-items.ts';
import type { AccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import type { CredentialState, Inspection, Pair, Rotated, Rotation } from '#shared/connections/rotation.ts';
import { type Item, type ItemRef, itemKey } from '#shared/domain/item.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';

/** Up to as many accounts are read one by one. Their lists can have many pages. */
const MAX_READ_SINGLY = 4;

/** Id of the default key rule. */
const DEFAULT_KEY_RULE = 0;

/**
 * Reason not to change the key of an account. A live vault with the default key rule changed the password instead, and
 * left the key (reference: 2.6, "Managed system body").
 */
const refusalOfKey = (
  { connection }: Session,
  { title }: Rotated,
  { managesKey, keyRule }: { readonly managesKey: boolean; readonly keyRule: number | undefined },
): RelayError | undefined => {
  if (!managesKey) {
    return new RelayError(
      'ChangeRefused',
      `${connection}: the vault does not manage the private key of ${title}. Enable DSS auto-management of the account in the vault.`,
    );
  }
  if (keyRule !== undefined && keyRule !== DEFAULT_KEY_RULE) return undefined;
  return new RelayError(
    'ChangeRefused',
    `${connection}: the system of ${title} has the default DSS key rule, with which the vault can change the password and leave the key. Select another DSS key rule for the system in the vault.`,
  );
};

const stateIn = ({ changing, changedAt, unreadableDate }: Account): CredentialState =>
  stateOf(changing, { changedAt, unreadableDate });

const notListed = ({ connection }: Session, { title }: Rotated): RelayError =>
  new RelayError(
    'NotFound',
    `${connection}: the list of accounts does not contain ${title}. Check that the account exists, and that the user may request it.`,
  );

/** Changes the credentials of accounts: the password, or the private key if the rule delivers keys. */
export const rotateAccounts = (session: Session, { delivers, select }: AccountRule): Rotation => {
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

    async states(items) {
      if (items.length <= MAX_READ_SINGLY) {
        return Promise.all(items.map(async (item) => [item.ref, await stateOrError(item)] as const));
      }
      const { found, complete } = await listStates(items);
      const missing = (item: Rotated) => (complete ? notListed(session, item) : stateOf('unknown', {}));
      return items.map((item): readonly [ItemRef, CredentialState | RelayError] => [
        item.ref,
        found.get(itemKey(item.ref)) ?? missing(item),
      ]);
    },

    async inspect(item): Promise<Inspection> {
      const { systemId, accountId } = rotatedIn(item);
      const { state: current, managesKey, parentId } = await readChangeState(session, accountId);
      const inspection = { state: current, set: String(parentId) };
      if (delivers !== 'dsskey') return inspection;
      const keyRule = managesKey ? await readKeyRule(session, systemId) : undefined;
      return { ...inspection, refusal: refusalOfKey(session, item, { managesKey, keyRule }) };
    },

    change: async (item, how) => changeCredential(session, rotatedIn(item).accountId, how),

    test: async (item) => ((await testCredential(session, rotatedIn(item).accountId)) ? 'passed' : 'failed'),
  };
};

/** Changes the accounts of aliases, one of which each alias points at. */
export const rotateAliases = (session: Session, rule: AccountRule): Rotation => ({
  ...rotateAccounts(session, rule),

  async pair(item: Item): Promise<Pair> {
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

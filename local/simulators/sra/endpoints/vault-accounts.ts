import type { Reply } from '../../common/replies.ts';
import { ACCOUNT_TYPES } from '../account-types.ts';
import { type Call, isId } from '../calls.ts';
import { PAGING, paged } from '../paging.ts';
import { type FieldErrors, invalid, json, notFound } from '../replies.ts';
import { accountRow, listedRow } from '../rows.ts';
import type { ApiEndpoint, Site } from '../site.ts';
import type { VaultAccount } from '../vault-account.ts';

export const VAULT = 'api/config/v1/vault';

/** Both are needed for every call of the Vault. */
export const managesVault: ApiEndpoint['isPermitted'] = ({ configuration, vaultAccounts }) =>
  configuration && vaultAccounts;

type Filter = (account: VaultAccount) => boolean;
type Parameter = (value: string) => Filter | string;

const numbered =
  (field: (account: VaultAccount) => number | null): Parameter =>
  (value) =>
    isId(value) ? (account) => field(account) === Number(value) : 'Must be an id.';

/** Each returns a filter, or the reason for a 422. */
const PARAMETERS: Readonly<Record<string, Parameter>> = {
  type: (value) =>
    ACCOUNT_TYPES.some((type) => type === value) ? ({ type }) => type === value : 'The selected type is invalid.',
  name: (value) =>
    value.length >= 1 && value.length <= 255
      ? ({ settings: { name } }) => name.toLowerCase() === value.toLowerCase()
      : 'The name must have 1 to 255 characters.',
  include_personal: (value) => (value === 'true' || value === 'false' ? () => true : 'Must be true or false.'),
  account_group_id: numbered(({ settings: { groupId } }) => groupId),
  endpoint_id: numbered(({ type, endpointId }) => (type === 'windows_local' ? endpointId : null)),
};

const list = ({ vault, switches }: Site, call: Call): Reply => {
  const errors: Record<string, readonly string[]> = {};
  const filters: Filter[] = [];
  for (const [name, value] of call.query) {
    const filter = PARAMETERS[name]?.(value);
    if (typeof filter === 'string') errors[name] = [filter];
    if (typeof filter === 'function') filters.push(filter);
  }
  if (Object.keys(errors).length > 0) return invalid(errors satisfies FieldErrors);
  const withPersonal = call.query.get('include_personal') === 'true';
  const rows = [...vault.accounts.values()].filter(
    (account) => (withPersonal || !account.isPersonal) && filters.every((matches) => matches(account)),
  );
  return paged(call, rows, (account) => listedRow(account, switches), switches);
};

const show = ({ vault, switches }: Site, id: number): Reply => {
  const account = vault.accounts.get(id);
  return account === undefined ? notFound() : json(200, accountRow(account, switches));
};

export const vaultAccountEndpoints: readonly ApiEndpoint[] = [
  {
    method: 'GET',
    template: `${VAULT}/account`,
    kind: 'list',
    isPermitted: managesVault,
    parameters: [...PAGING, ...Object.keys(PARAMETERS)],
    handle: list,
  },
  {
    method: 'GET',
    template: `${VAULT}/account/{id}`,
    kind: 'account',
    isPermitted: managesVault,
    parameters: [],
    handle: (site, _call, _caller, id) => show(site, id),
  },
];

import { PAGING, paged } from '../paging.ts';
import { json, notFound } from '../replies.ts';
import type { ApiEndpoint } from '../site.ts';

const CONFIGURATION = 'api/config/v1';

const configures: ApiEndpoint['isPermitted'] = ({ configuration }) => configuration;

/** Group policies that grant one account group. Nothing at the site depends on them. */
const GROUP_POLICIES: readonly { readonly id: number; readonly name: string; readonly groupId: number }[] = [
  { id: 1, name: 'Operators of databases', groupId: 2 },
  { id: 2, name: 'Operators of servers', groupId: 3 },
];

const read = (path: string, handle: ApiEndpoint['handle'], parameters: readonly string[] = []): ApiEndpoint => ({
  method: 'GET',
  template: `${CONFIGURATION}/${path}`,
  kind: 'other',
  isPermitted: configures,
  parameters,
  handle,
});

/** Lists without rows, which other clients read to test a connection. */
const emptyList = (path: string): ApiEndpoint =>
  read(path, ({ switches }, call) => paged(call, [], (row) => row, switches), PAGING);

const granted = (path: string, rows: (policy: (typeof GROUP_POLICIES)[number]) => unknown): ApiEndpoint =>
  read(`group-policy/{id}/${path}`, (_site, _call, _caller, id) => {
    const policy = GROUP_POLICIES.find((one) => one.id === id);
    return policy === undefined ? notFound() : json(200, rows(policy));
  });

/** Read-only parts of the configuration beside the Vault. */
export const otherListEndpoints: readonly ApiEndpoint[] = [
  ...['jumpoint', 'jump-group', 'jump-policy', 'session-policy'].map(emptyList),
  read(
    'group-policy',
    ({ switches }, call) => {
      const name = call.query.get('name')?.toLowerCase();
      const rows = GROUP_POLICIES.filter((one) => name === undefined || one.name.toLowerCase() === name);
      return paged(call, rows, ({ id, name }) => ({ id, name }), switches);
    },
    [...PAGING, 'name'],
  ),
  read('group-policy/{id}', (_site, _call, _caller, id) => {
    const policy = GROUP_POLICIES.find((one) => one.id === id);
    return policy === undefined ? notFound() : json(200, { id, name: policy.name });
  }),
  granted('vault-account', () => []),
  granted('vault-account-group', ({ groupId }) => [{ account_group_id: groupId, role: 'inject_and_checkout' }]),
];

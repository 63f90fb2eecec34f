import * as z from 'zod';
import { canSee } from '../access.ts';
import { type AccountState, CHANGE_STATE } from '../account-state.ts';
import type { Call } from '../calls.ts';
import { type ListFilter, matches } from '../list-filter.ts';
import { pageOf, withOddFields } from '../paging.ts';
import { forbidden, formatDate, json, type Reply, refusal } from '../replies.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site } from '../site.ts';
import { hasRole } from '../users.ts';
import { workgroupRow } from './assets.ts';
import { member, refuseWithout } from './collections.ts';

const DEFAULT_PAGE = 1000;

const lowerText = (limit: number) => z.string().max(limit).toLowerCase().optional();

const listQuery = z.object({
  systemname: lowerText(129),
  accountname: lowerText(246),
  systemid: z.coerce.number().int().optional(),
  workgroupname: lowerText(256),
  applicationdisplayname: lowerText(256),
  ipaddress: lowerText(45),
  type: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['system', 'recent', 'domainlinked', 'database', 'cloud', 'application']))
    .optional(),
  limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  offset: z.coerce.number().int().min(0).default(0),
});
type ListQuery = z.infer<typeof listQuery>;

/**
 * The row of an account. It does not show whether the account has a key: only the management API has
 * `DSSAutoManagementFlag`.
 */
export const accountRow = (site: Site, session: Session, account: AccountState) => {
  site.requests.settle(account);
  const { row } = account;
  const changeState = account.changeState(site.now());
  return withOddFields(site.switches, `account ${row.accountId}`, {
    PlatformID: row.platformId,
    SystemId: row.systemId,
    SystemName: row.systemName,
    DomainName: row.domainName,
    AccountId: row.accountId,
    AccountName: row.accountName,
    InstanceName: row.type === 'database' ? 'MAIN' : null,
    UserPrincipalName: row.userPrincipalName,
    ApplicationID: row.applicationId,
    ApplicationDisplayName: row.applicationDisplayName,
    DefaultReleaseDuration: row.defaultReleaseMinutes,
    MaximumReleaseDuration: row.maximumReleaseMinutes,
    LastChangeDate: formatDate(account.shownChangeDate(site.now()), site.switches.dateFormat),
    NextChangeDate: null,
    IsChanging: changeState !== CHANGE_STATE.idle,
    ChangeState: changeState,
    IsISAAccess: row.isaAccess && hasRole(session.user, 'isa'),
    PreferredNodeID: null,
    AccountDescription: row.description,
    TotpEnabled: false,
    TotpParameters: null,
  });
};

const lookUp = (site: Site, session: Session, systemName: string, accountName: string): Reply => {
  const found = site.accounts.byNames(systemName, accountName);
  if (typeof found !== 'string' && canSee(site, session.user, found)) {
    const row = accountRow(site, session, found);
    return json(200, site.switches.twoNameShape === 'array' ? [row] : row);
  }
  if (site.switches.twoNameMissing === 'empty-list') return json(200, []);
  return refusal(404, found === 'no-system' ? 'Managed System not found' : 'Managed Account not found');
};

const select = (site: Site, session: Session, query: ListQuery): readonly AccountState[] => {
  const isRecent = query.type === 'recent';
  const filter: ListFilter = {
    type: isRecent ? undefined : query.type,
    workgroup: query.workgroupname,
    systemName: query.systemname,
    systemId: query.systemid,
    accountName: query.accountname,
    applicationDisplayName: query.applicationdisplayname,
    ipAddress: query.ipaddress,
  };
  if (!isRecent) return site.accounts.list(filter);
  return site.requests.recentOf(session.user).filter(({ row }) => matches(row, filter));
};

const page = (site: Site, session: Session, query: ListQuery): Reply => {
  const all = select(site, session, query).filter((account) => canSee(site, session.user, account));
  const rows = pageOf(all, query, site.switches).map((account) => accountRow(site, session, account));
  return json(200, site.switches.accountList === 'counted' ? { TotalCount: all.length, Data: rows } : rows);
};

const readQuery = (call: Call): ListQuery | undefined => listQuery.safeParse(Object.fromEntries(call.query)).data;

const listAccounts: Endpoint = {
  method: 'GET',
  template: 'ManagedAccounts',
  kind: 'list',
  handle: (site, call, session) => {
    if (!hasRole(session.user, 'requestor', 'isa')) return forbidden(4032, site.switches);
    const query = readQuery(call);
    if (query === undefined) return refusal(400, 'A query parameter is invalid.');
    const { systemname, accountname } = query;
    if (systemname !== undefined && accountname !== undefined) return lookUp(site, session, systemname, accountname);
    return page(site, session, query);
  },
};

const workgroupRows = (site: Site) => site.workgroups.all.map((workgroup) => workgroupRow(site, workgroup));

const listWorkgroups: Endpoint = {
  method: 'GET',
  template: 'Workgroups',
  kind: 'workgroups',
  handle: (site, call, session) => {
    const refused = refuseWithout(session, ['asset-management']);
    if (refused !== undefined) return refused;
    const name = call.query.get('name')?.toLowerCase();
    if (name === undefined) return json(200, workgroupRows(site));
    const row = workgroupRows(site).find((candidate) => candidate.Name.toLowerCase() === name);
    return row === undefined ? refusal(404, 'Workgroup not found') : json(200, row);
  },
};

const readWorkgroup = member({
  template: 'Workgroups/{id}',
  roles: ['asset-management'],
  called: 'Workgroup',
  row: (site, id) => workgroupRows(site).find((candidate) => candidate.ID === id),
});

const version: Endpoint = {
  method: 'GET',
  template: 'Configuration/Version',
  kind: 'other',
  handle: () => json(200, { Version: '26.1.0.0' }),
};

export const accountEndpoints: readonly Endpoint[] = [listAccounts, listWorkgroups, readWorkgroup, version];

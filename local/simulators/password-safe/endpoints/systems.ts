import { withOddFields } from '../paging.ts';
import { ENTITY_TYPES, PLATFORMS } from '../platforms.ts';
import type { Endpoint, Site } from '../site.ts';
import type { ManagedSystem } from '../systems.ts';
import type { Role } from '../users.ts';
import { collection, member } from './collections.ts';
import { managedAccountRow } from './managed-accounts.ts';

const READS_SYSTEMS: readonly Role[] = ['system-management'];
const READS_ASSETS: readonly Role[] = ['asset-management'];

const platformRow = (site: Site, platform: (typeof PLATFORMS)[number]) =>
  withOddFields(site.switches, `platform ${platform.platformId}`, {
    PlatformID: platform.platformId,
    Name: platform.name,
    ShortName: platform.shortName,
    PortFlag: platform.defaultPort !== null,
    DefaultPort: platform.defaultPort,
    SupportsElevationFlag: platform.supportsElevation,
    DomainNameFlag: platform.hasDomain,
    AutoManagementFlag: true,
    DSSAutoManagementFlag: platform.supportsKeys,
    ManageableFlag: true,
    DSSFlag: platform.supportsKeys,
    LoginAccountFlag: platform.sessionType === 'SSH',
    DefaultSessionType: platform.sessionType,
    ApplicationHostFlag: platform.sessionType !== null,
    RequiresApplicationHost: false,
    RequiresTenantID: false,
    RequiresObjectID: false,
    RequiresSecret: false,
  });

const workgroupIdOf = ({ accounts }: Site, workgroup: string): number => accounts.workgroups.indexOf(workgroup) + 1;

const systemRow = (site: Site, { systemId, entityTypeId, first: { row } }: ManagedSystem) => {
  const platform = PLATFORMS.find(({ platformId }) => platformId === row.platformId);
  const isDirectory = entityTypeId === ENTITY_TYPES.directory;
  const isDatabase = entityTypeId === ENTITY_TYPES.database;
  const isCloud = entityTypeId === ENTITY_TYPES.cloud;
  return withOddFields(site.switches, `system ${systemId}`, {
    ManagedSystemID: systemId,
    EntityTypeID: entityTypeId,
    AssetID: isDirectory || isCloud ? null : systemId,
    DatabaseID: isDatabase ? systemId : null,
    DirectoryID: isDirectory ? systemId : null,
    CloudID: isCloud ? systemId : null,
    WorkgroupID: workgroupIdOf(site, row.workgroup),
    HostName: row.systemName,
    DnsName: isDirectory || isCloud ? null : `${row.systemName}.corp.example`,
    IPAddress: row.ipAddress,
    InstanceName: isDatabase ? 'MAIN' : null,
    IsDefaultInstance: isDatabase ? false : null,
    Template: null,
    ForestName: isDirectory ? 'corp.example' : null,
    UseSSL: isDirectory ? false : null,
    OracleInternetDirectoryID: null,
    OracleInternetDirectoryServiceName: null,
    SystemName: row.systemName,
    PlatformID: row.platformId,
    NetBiosName: row.domainName,
    Port: platform?.defaultPort ?? null,
    Timeout: 30,
    Description: row.description,
    ContactEmail: '',
    PasswordRuleID: 0,
    DSSKeyRuleID: 0,
    ReleaseDuration: row.defaultReleaseMinutes,
    MaxReleaseDuration: row.maximumReleaseMinutes,
    ISAReleaseDuration: row.defaultReleaseMinutes,
    AutoManagementFlag: true,
    FunctionalAccountID: 1,
    LoginAccountID: null,
    ElevationCommand: null,
    SshKeyEnforcementMode: 0,
    CheckPasswordFlag: false,
    ChangePasswordAfterAnyReleaseFlag: row.changesAfterRelease,
    ResetPasswordOnMismatchFlag: false,
    ChangeFrequencyType: 'first',
    ChangeFrequencyDays: null,
    ChangeTime: '23:30',
    AccountNameFormat: isDirectory ? 0 : null,
    RemoteClientType: 'None',
    ApplicationHostID: null,
    IsApplicationHost: false,
    AccessURL: isCloud ? 'https://console.aws.amazon.com' : null,
  });
};

const assetRow = (site: Site, { systemId, first: { row } }: ManagedSystem) => ({
  WorkgroupID: workgroupIdOf(site, row.workgroup),
  AssetID: systemId,
  AssetName: row.systemName,
  DnsName: `${row.systemName}.corp.example`,
  DomainName: row.domainName,
  IPAddress: row.ipAddress,
  MacAddress: null,
  AssetType: 'Server',
  OperatingSystem: PLATFORMS.find(({ platformId }) => platformId === row.platformId)?.name ?? null,
  CreateDate: '2025-01-01T00:00:00Z',
  LastUpdateDate: '2025-01-01T00:00:00Z',
});

/** Systems on assets of their own. Directories and cloud systems have none. */
const isOnAsset = ({ entityTypeId }: ManagedSystem): boolean =>
  entityTypeId === ENTITY_TYPES.asset || entityTypeId === ENTITY_TYPES.database;

const onAsset = (site: Site, assetId: number): ManagedSystem | undefined => {
  const system = site.systems.byId(assetId);
  return system && isOnAsset(system) ? system : undefined;
};

const inWorkgroup = (site: Site, workgroupId: number | undefined): readonly ManagedSystem[] | undefined => {
  const name = site.accounts.workgroups[(workgroupId ?? 0) - 1];
  return name === undefined ? undefined : site.systems.all().filter(({ first }) => first.row.workgroup === name);
};

const counted = () => 'counted' as const;
const byName = { parameter: 'name', text: (row: { SystemName: string }) => row.SystemName };

/** Reads of platforms, managed systems and assets. */
export const systemEndpoints: readonly Endpoint[] = [
  collection({
    template: 'Platforms',
    roles: READS_SYSTEMS,
    called: 'Platform',
    rows: (site) => PLATFORMS.map((platform) => platformRow(site, platform)),
  }),
  member({
    template: 'Platforms/{id}',
    roles: READS_SYSTEMS,
    called: 'Platform',
    row: (site, id) => PLATFORMS.filter(({ platformId }) => platformId === id).map((one) => platformRow(site, one))[0],
  }),
  collection({
    template: 'EntityTypes',
    roles: [],
    called: 'Entity type',
    rows: () => Object.entries(ENTITY_TYPES).map(([name, id]) => ({ EntityTypeID: id, Name: name, Description: name })),
  }),
  collection({
    template: 'ManagedSystems',
    roles: READS_SYSTEMS,
    called: 'Managed System',
    rows: (site, { query }) => {
      const type = query.get('type');
      const systems = site.systems.all().filter(({ entityTypeId }) => type === undefined || entityTypeId === +type);
      return systems.map((system) => systemRow(site, system));
    },
    lookUp: byName,
    paging: counted,
  }),
  member({
    template: 'ManagedSystems/{id}',
    roles: READS_SYSTEMS,
    called: 'Managed System',
    row: (site, id) => {
      const system = site.systems.byId(id);
      return system && systemRow(site, system);
    },
  }),
  collection({
    template: 'ManagedSystems/{id}/ManagedAccounts',
    roles: ['account-management'],
    called: 'Managed Account',
    rows: (site, { ids: [systemId = 0] }) =>
      site.systems.byId(systemId)?.accounts.map((account) => managedAccountRow(site, account)),
    lookUp: { parameter: 'name', text: (row: { AccountName: string }) => row.AccountName },
    paging: (site) => site.switches.accountList,
  }),
  collection({
    template: 'Workgroups/{id}/ManagedSystems',
    roles: READS_SYSTEMS,
    called: 'Workgroup',
    rows: (site, { ids: [id] }) => inWorkgroup(site, id)?.map((system) => systemRow(site, system)),
    paging: counted,
  }),
  collection({
    template: 'Workgroups/{id}/Assets',
    roles: READS_ASSETS,
    called: 'Asset',
    rows: (site, { ids: [id] }) =>
      inWorkgroup(site, id)
        ?.filter(isOnAsset)
        .map((system) => assetRow(site, system)),
    lookUp: { parameter: 'name', text: (row: { AssetName: string }) => row.AssetName },
    paging: counted,
  }),
  member({
    template: 'Assets/{id}',
    roles: READS_ASSETS,
    called: 'Asset',
    row: (site, id) => {
      const system = onAsset(site, id);
      return system && assetRow(site, system);
    },
  }),
  member({
    template: 'Assets/{id}/ManagedSystems',
    roles: READS_SYSTEMS,
    called: 'Managed System',
    row: (site, id) => {
      const system = onAsset(site, id);
      return system && systemRow(site, system);
    },
  }),
];

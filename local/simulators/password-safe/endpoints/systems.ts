import type { Call } from '../calls.ts';
import { withOddFields } from '../paging.ts';
import { ENTITY_TYPES, PLATFORMS } from '../platforms.ts';
import type { Endpoint, Site } from '../site.ts';
import type { ManagedSystem } from '../systems.ts';
import type { Role } from '../users.ts';
import { collection, counted, member } from './collections.ts';
import { createInWorkgroup, createOnAsset, deleteSystem, updateSystem } from './system-changes.ts';

const READS_SYSTEMS: readonly Role[] = ['system-management'];

/** Platforms by entity type. */
const PLATFORMS_OF: ReadonlyMap<number, readonly number[]> = new Map([
  [ENTITY_TYPES.asset, [1, 2]],
  [ENTITY_TYPES.database, [8]],
  [ENTITY_TYPES.directory, [25]],
  [ENTITY_TYPES.cloud, [47]],
]);

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

const systemRow = (site: Site, system: ManagedSystem) =>
  withOddFields(site.switches, `system ${system.ManagedSystemID}`, system);

const byName = { parameter: 'name', text: (row: { SystemName: string }) => row.SystemName };

/** A list of the systems that a condition selects. Undefined if the object in the path does not exist. */
const systemList = (
  template: string,
  called: string,
  conditionOf: (site: Site, call: Call) => ((system: ManagedSystem) => boolean) | undefined,
) =>
  collection({
    template,
    roles: READS_SYSTEMS,
    called,
    rows: (site, call) => {
      const condition = conditionOf(site, call);
      return (
        condition &&
        site.systems
          .all()
          .filter(condition)
          .map((system) => systemRow(site, system))
      );
    },
    lookUp: byName,
    paging: counted,
  });

/** The systems of a rule: those that it lists, or those of its accounts. */
const inRule = (site: Site, { ids: [id = 0] }: Call) => {
  const rule = site.rules.byId(id);
  if (rule === undefined) return undefined;
  if (rule.type === 'ManagedSystem')
    return ({ ManagedSystemID }: ManagedSystem) => rule.ids?.has(ManagedSystemID) === true;
  const covered = new Set(
    site.accounts.all.filter((account) => site.rules.covers(rule, account)).map(({ row }) => row.systemId),
  );
  return ({ ManagedSystemID }: ManagedSystem) => covered.has(ManagedSystemID);
};

/** Platforms and managed systems. */
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
  systemList('ManagedSystems', 'Managed System', (_site, { query }) => {
    const type = query.get('type');
    return ({ EntityTypeID }) => type === undefined || EntityTypeID === +type;
  }),
  systemList(
    'Workgroups/{id}/ManagedSystems',
    'Workgroup',
    (site, { ids: [id = 0] }) => site.workgroups.byId(id) && (({ WorkgroupID }) => WorkgroupID === id),
  ),
  systemList(
    'FunctionalAccounts/{id}/ManagedSystems',
    'Functional Account',
    (site, { ids: [id = 0] }) =>
      site.functionalAccounts.byId(id) && (({ FunctionalAccountID }) => FunctionalAccountID === id),
  ),
  systemList('SmartRules/{id}/ManagedSystems', 'Smart Rule', inRule),
  systemList('QuickRules/{id}/ManagedSystems', 'Quick Rule', inRule),
  member({
    template: 'ManagedSystems/{id}',
    roles: READS_SYSTEMS,
    called: 'Managed System',
    row: (site, id) => {
      const system = site.systems.byId(id);
      return system && systemRow(site, system);
    },
  }),
  member({
    template: 'Assets/{id}/ManagedSystems',
    roles: READS_SYSTEMS,
    called: 'Managed System',
    row: (site, id) => {
      const system = site.systems.onAsset(id);
      return system && systemRow(site, system);
    },
  }),
  collection({
    template: 'EntityTypes/{id}/Platforms',
    roles: READS_SYSTEMS,
    called: 'Entity type',
    rows: (site, { ids: [id = 0] }) => {
      const platformIds = PLATFORMS_OF.get(id);
      return (
        platformIds &&
        PLATFORMS.filter(({ platformId }) => platformIds.includes(platformId)).map((one) => platformRow(site, one))
      );
    },
  }),
  createOnAsset,
  createInWorkgroup,
  updateSystem,
  deleteSystem,
];

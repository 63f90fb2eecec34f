import type { AccountState } from './account-state.ts';
import { ENTITY_TYPES, PLATFORMS } from './platforms.ts';
import type { Accounts } from './state.ts';
import type { Workgroups } from './workgroups.ts';

/** A managed system, by the names of the API. */
export type ManagedSystem = Readonly<ReturnType<typeof systemOfFleet>>;

const ENTITY_TYPE_OF = {
  system: ENTITY_TYPES.asset,
  application: ENTITY_TYPES.asset,
  database: ENTITY_TYPES.database,
  domainlinked: ENTITY_TYPES.directory,
  cloud: ENTITY_TYPES.cloud,
} as const;

const defaultPortOf = (platformId: number): number | null =>
  PLATFORMS.find((platform) => platform.platformId === platformId)?.defaultPort ?? null;

const whenTrue = <T>(condition: boolean, value: T): T | null => (condition ? value : null);

/** Fields of a new system that its creation does not mention. */
export const SYSTEM_DEFAULTS = {
  ...{ InstanceName: whenTrue(false, ''), IsDefaultInstance: whenTrue(false, false), Template: whenTrue(false, '') },
  ...{ ForestName: whenTrue(false, ''), UseSSL: whenTrue(false, false) },
  ...{ OracleInternetDirectoryID: whenTrue(false, ''), OracleInternetDirectoryServiceName: whenTrue(false, '') },
  ...{ NetBiosName: whenTrue(false, ''), Port: whenTrue(false, 0), Timeout: 30, Description: '', ContactEmail: '' },
  ...{ PasswordRuleID: 0, DSSKeyRuleID: 0, ReleaseDuration: 120, MaxReleaseDuration: 525_600 },
  ...{ ISAReleaseDuration: 120, AutoManagementFlag: false, FunctionalAccountID: whenTrue(false, 0) },
  ...{ LoginAccountID: whenTrue(false, 0), ElevationCommand: whenTrue(false, ''), SshKeyEnforcementMode: 0 },
  ...{ CheckPasswordFlag: false, ChangePasswordAfterAnyReleaseFlag: false, ResetPasswordOnMismatchFlag: false },
  ...{ ChangeFrequencyType: 'first', ChangeFrequencyDays: whenTrue(false, 0), ChangeTime: '23:30' },
  ...{ AccountNameFormat: whenTrue(false, 0), RemoteClientType: 'None', ApplicationHostID: whenTrue(false, 0) },
  ...{ IsApplicationHost: false, AccessURL: whenTrue(false, '') },
};

const systemOfFleet = ({ row }: AccountState, workgroupId: number) => {
  const entityTypeId: number = ENTITY_TYPE_OF[row.type];
  const isDirectory = entityTypeId === ENTITY_TYPES.directory;
  const isDatabase = entityTypeId === ENTITY_TYPES.database;
  const isCloud = entityTypeId === ENTITY_TYPES.cloud;
  const isOnAsset = !isDirectory && !isCloud;
  return {
    ...SYSTEM_DEFAULTS,
    ManagedSystemID: row.systemId,
    EntityTypeID: entityTypeId,
    AssetID: whenTrue(isOnAsset, row.systemId),
    DatabaseID: whenTrue(isDatabase, row.systemId),
    DirectoryID: whenTrue(isDirectory, row.systemId),
    CloudID: whenTrue(isCloud, row.systemId),
    WorkgroupID: workgroupId,
    HostName: row.systemName,
    DnsName: whenTrue(isOnAsset, `${row.systemName}.corp.example`),
    IPAddress: row.ipAddress,
    InstanceName: whenTrue(isDatabase, 'MAIN'),
    IsDefaultInstance: whenTrue(isDatabase, false),
    ForestName: whenTrue(isDirectory, 'corp.example'),
    UseSSL: whenTrue(isDirectory, false),
    SystemName: row.systemName,
    PlatformID: row.platformId,
    NetBiosName: row.domainName,
    Port: defaultPortOf(row.platformId),
    Description: row.description,
    ReleaseDuration: row.defaultReleaseMinutes,
    MaxReleaseDuration: row.maximumReleaseMinutes,
    ISAReleaseDuration: row.defaultReleaseMinutes,
    AutoManagementFlag: true,
    FunctionalAccountID: whenTrue(true, 1),
    ChangePasswordAfterAnyReleaseFlag: row.changesAfterRelease,
    AccountNameFormat: whenTrue(isDirectory, 0),
    AccessURL: whenTrue(isCloud, 'https://console.aws.amazon.com'),
  };
};

/** The managed systems: those of the fleet in the order of their first accounts, then those that callers created. */
export class Systems {
  readonly #accounts: Accounts;
  readonly #workgroups: Workgroups;
  #byId: Map<number, ManagedSystem> | undefined;
  #lastId = 0;

  constructor(accounts: Accounts, workgroups: Workgroups) {
    this.#accounts = accounts;
    this.#workgroups = workgroups;
  }

  all(): readonly ManagedSystem[] {
    return [...this.#index().values()];
  }

  byId(systemId: number): ManagedSystem | undefined {
    return this.#index().get(systemId);
  }

  onAsset(assetId: number): ManagedSystem | undefined {
    return this.all().find(({ AssetID }) => AssetID === assetId);
  }

  /** The id that the next added system has. */
  nextId(): number {
    this.#index();
    return this.#lastId + 1;
  }

  add(system: Omit<ManagedSystem, 'ManagedSystemID'>): ManagedSystem {
    const index = this.#index();
    this.#lastId += 1;
    const added = { ...system, ManagedSystemID: this.#lastId };
    index.set(added.ManagedSystemID, added);
    return added;
  }

  replace(system: ManagedSystem): void {
    this.#index().set(system.ManagedSystemID, system);
  }

  remove(systemId: number): void {
    this.#index().delete(systemId);
  }

  /** Built by the first call, because most sites never list systems. */
  #index(): Map<number, ManagedSystem> {
    if (this.#byId !== undefined) return this.#byId;
    const index = new Map<number, ManagedSystem>();
    for (const account of this.#accounts.all) {
      const { systemId, workgroup } = account.row;
      this.#lastId = Math.max(this.#lastId, systemId);
      if (!index.has(systemId)) index.set(systemId, systemOfFleet(account, this.#workgroups.idOf(workgroup)));
    }
    this.#byId = index;
    return index;
  }
}

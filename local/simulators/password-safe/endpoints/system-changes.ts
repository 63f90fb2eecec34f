import * as z from 'zod';
import { contradictionIn, managementShape } from '../account-settings.ts';
import { type Call, flag } from '../calls.ts';
import { lenient, merged, orZero, readBody, reference, text, whole } from '../fields.ts';
import { withOddFields } from '../paging.ts';
import { ENTITY_TYPES, PLATFORMS } from '../platforms.ts';
import { empty, json, type Reply, refusal } from '../replies.ts';
import type { Site } from '../site.ts';
import { type ManagedSystem, SYSTEM_DEFAULTS } from '../systems.ts';
import type { Role } from '../users.ts';
import { change } from './collections.ts';
import { removeSystem } from './removal.ts';

const ROLES: readonly Role[] = ['system-management'];

const shape = {
  ...managementShape,
  PlatformID: reference,
  ContactEmail: z.email().max(1000).optional(),
  Description: text(255),
  Port: whole(1, 65_535),
  Timeout: whole(1, 32_767),
  SshKeyEnforcementMode: whole(0, 2),
  DSSKeyRuleID: whole(0, 1_000_000),
  LoginAccountID: reference,
  FunctionalAccountID: orZero(Number.MAX_SAFE_INTEGER),
  ElevationCommand: text(80),
  RemoteClientType: z.enum(['None', 'EPM']).optional(),
  ApplicationHostID: reference,
  IsApplicationHost: flag.optional(),
};
const onAssetBody = lenient(shape);
const inWorkgroupBody = lenient({
  ...shape,
  EntityTypeID: z.coerce.number().int().min(1).max(4),
  HostName: text(128),
  IPAddress: text(46),
  DnsName: text(225),
  InstanceName: text(100),
  IsDefaultInstance: flag.optional(),
  Template: z.string().optional(),
  ForestName: text(64),
  UseSSL: flag.optional(),
  NetBiosName: text(15),
  AccountNameFormat: whole(0, 2),
  OracleInternetDirectoryID: z.guid().optional(),
  OracleInternetDirectoryServiceName: text(200),
  AccessURL: z.string().optional(),
});
const updateBody = lenient({
  ...shape,
  WorkgroupID: reference,
  HostName: text(128),
  IPAddress: text(46),
  DnsName: text(225),
  ForestName: text(64),
  UseSSL: flag.optional(),
  NetBiosName: text(15),
  AccountNameFormat: whole(0, 2),
  AccessURL: z.string().optional(),
});

/** The vault drops a functional account without auto-management. */
const settled = (system: ManagedSystem): ManagedSystem => ({
  ...system,
  FunctionalAccountID: system.AutoManagementFlag ? system.FunctionalAccountID : null,
});

/** The first rule that the fields of a system violate. */
const violationOf = (site: Site, system: Omit<ManagedSystem, 'ManagedSystemID'>): string | undefined => {
  const platform = PLATFORMS.find(({ platformId }) => platformId === system.PlatformID);
  if (platform === undefined) return 'The field PlatformID is invalid: there is no such platform.';
  if (system.ElevationCommand !== null && !platform.supportsElevation) {
    return 'The field ElevationCommand is invalid: the platform does not support elevation.';
  }
  if (system.AutoManagementFlag && site.functionalAccounts.byId(system.FunctionalAccountID ?? 0) === undefined) {
    return 'The field FunctionalAccountID is required for auto-management.';
  }
  return contradictionIn(system);
};

const systemReply = (site: Site, status: 200 | 201, system: ManagedSystem): Reply =>
  json(status, withOddFields(site.switches, `system ${system.ManagedSystemID}`, system));

const create = (site: Site, system: Omit<ManagedSystem, 'ManagedSystemID'>): Reply => {
  const violation = violationOf(site, system);
  if (violation !== undefined) return refusal(400, violation);
  const added = site.systems.add({
    ...system,
    FunctionalAccountID: system.AutoManagementFlag ? system.FunctionalAccountID : null,
  });
  return systemReply(site, 201, added);
};

export const createOnAsset = change({
  method: 'POST',
  template: 'Assets/{id}/ManagedSystems',
  roles: ROLES,
  handle: (site, call) => {
    const asset = site.assets.byId(call.ids[0] ?? 0);
    if (asset === undefined) return refusal(404, 'Asset not found');
    const read = readBody(call, onAssetBody);
    if ('refused' in read) return read.refused;
    const { PlatformID } = read.body;
    if (PlatformID === undefined) return refusal(400, 'The field PlatformID is required.');
    if (site.systems.onAsset(asset.AssetID) !== undefined) {
      return refusal(site.switches.duplicate, 'The asset already has a Managed System');
    }
    const base = {
      ...SYSTEM_DEFAULTS,
      EntityTypeID: ENTITY_TYPES.asset,
      AssetID: asset.AssetID,
      DatabaseID: null,
      DirectoryID: null,
      CloudID: null,
      WorkgroupID: asset.WorkgroupID,
      HostName: asset.AssetName,
      DnsName: asset.DnsName,
      IPAddress: asset.IPAddress,
      SystemName: asset.AssetName,
      PlatformID,
    };
    return create(site, merged(base, read.body));
  },
});

const newAsset = (
  site: Site,
  call: Call,
  { HostName, IPAddress, DnsName }: z.infer<typeof inWorkgroupBody>,
): number => {
  const now = site.now();
  const asset = site.assets.add({
    ...{ WorkgroupID: call.ids[0] ?? 0, AssetName: HostName ?? '', IPAddress: IPAddress ?? '' },
    ...{ DnsName: DnsName ?? null, DomainName: null, MacAddress: null, AssetType: null, OperatingSystem: null },
    ...{ Description: null, createdAt: now, updatedAt: now },
  });
  return asset.AssetID;
};

export const createInWorkgroup = change({
  method: 'POST',
  template: 'Workgroups/{id}/ManagedSystems',
  roles: ROLES,
  handle: (site, call) => {
    const [workgroupId = 0] = call.ids;
    if (site.workgroups.byId(workgroupId) === undefined) return refusal(404, 'Workgroup not found');
    const read = readBody(call, inWorkgroupBody);
    if ('refused' in read) return read.refused;
    const { EntityTypeID, PlatformID, HostName, DnsName, IPAddress } = read.body;
    if (PlatformID === undefined) return refusal(400, 'The field PlatformID is required.');
    if (HostName === undefined) return refusal(400, 'The field HostName is required.');
    const isTaken = site.systems
      .all()
      .some((one) => one.WorkgroupID === workgroupId && one.SystemName.toLowerCase() === HostName.toLowerCase());
    if (isTaken) return refusal(site.switches.duplicate, 'Managed System already exists');
    const base = {
      ...SYSTEM_DEFAULTS,
      ...{ EntityTypeID, AssetID: null, DatabaseID: null, DirectoryID: null, CloudID: null },
      ...{ WorkgroupID: workgroupId, HostName, DnsName: DnsName ?? null, IPAddress: IPAddress ?? '' },
      ...{ SystemName: HostName, PlatformID },
    };
    const system = merged(base, read.body);
    const violation = violationOf(site, system);
    if (violation !== undefined) return refusal(400, violation);
    return create(site, { ...system, ...placeOf(site, call, read.body) });
  },
});

/** The id of the object on which the system is, which is created with it. */
const placeOf = (site: Site, call: Call, body: z.infer<typeof inWorkgroupBody>) => {
  if (body.EntityTypeID === ENTITY_TYPES.asset) return { AssetID: newAsset(site, call, body) };
  const id = site.systems.nextId();
  if (body.EntityTypeID === ENTITY_TYPES.database) return { AssetID: newAsset(site, call, body), DatabaseID: id };
  return body.EntityTypeID === ENTITY_TYPES.directory ? { DirectoryID: id } : { CloudID: id };
};

export const updateSystem = change({
  method: 'PUT',
  template: 'ManagedSystems/{id}',
  roles: ROLES,
  handle: (site, call) => {
    const system = site.systems.byId(call.ids[0] ?? 0);
    if (system === undefined) return refusal(404, 'Managed System not found');
    const read = readBody(call, updateBody);
    if ('refused' in read) return read.refused;
    const updated = settled(merged(system, read.body));
    const violation = violationOf(site, updated);
    if (violation !== undefined) return refusal(400, violation);
    site.systems.replace(updated);
    return systemReply(site, 200, updated);
  },
});

export const deleteSystem = change({
  method: 'DELETE',
  template: 'ManagedSystems/{id}',
  roles: ROLES,
  handle: (site, { ids: [id = 0] }) => {
    const system = site.systems.byId(id);
    if (system === undefined) return refusal(404, 'Managed System not found');
    removeSystem(site, system);
    return empty(200);
  },
});

import * as z from 'zod';
import type { Asset } from '../assets.ts';
import type { Call } from '../calls.ts';
import { lenient, merged, readBody, reference, text } from '../fields.ts';
import { withOddFields } from '../paging.ts';
import { empty, formatDate, json, type Reply, refusal } from '../replies.ts';
import type { Endpoint, Site } from '../site.ts';
import type { Role } from '../users.ts';
import type { Workgroup } from '../workgroups.ts';
import { change, collection, counted, member, page, refuseWithout } from './collections.ts';
import { removeSystem } from './removal.ts';
import { ORGANIZATION_ID } from './users.ts';

const ROLES: readonly Role[] = ['asset-management'];
const byName = { parameter: 'name', text: (row: { AssetName: string }) => row.AssetName };

export const workgroupRow = (site: Site, { id, name }: Workgroup) =>
  withOddFields(site.switches, `workgroup ${id}`, { OrganizationID: ORGANIZATION_ID, ID: id, Name: name });

const assetRow = (site: Site, { createdAt, updatedAt, Description, ...asset }: Asset, version?: string) => ({
  ...asset,
  ...(version === '3.1' ? { Description } : {}),
  CreateDate: formatDate(createdAt, site.switches.dateFormat === 'none' ? 'Z' : site.switches.dateFormat),
  LastUpdateDate: formatDate(updatedAt, site.switches.dateFormat === 'none' ? 'Z' : site.switches.dateFormat),
});

const workgroupBody = lenient({ Name: z.string().max(256), OrganizationID: z.guid().optional() });

const createWorkgroup = change({
  method: 'POST',
  template: 'Workgroups',
  roles: ROLES,
  handle: (site, call) => {
    const read = readBody(call, workgroupBody);
    if ('refused' in read) return read.refused;
    const { Name } = read.body;
    if (site.workgroups.byName(Name) !== undefined) return refusal(site.switches.duplicate, 'Workgroup already exists');
    return json(201, workgroupRow(site, site.workgroups.add(Name)));
  },
});

const shape = {
  IPAddress: text(46),
  AssetName: text(128),
  DnsName: text(255),
  DomainName: text(64),
  MacAddress: text(128),
  AssetType: text(64),
  OperatingSystem: text(255),
};
const assetBody = lenient({ ...shape, Description: text(255), WorkgroupID: reference });

/** The workgroup that the path names by id or by name. */
const workgroupOf = ({ workgroups }: Site, { ids: [id], segments: [, name = ''] }: Call): Workgroup | undefined =>
  id === undefined ? workgroups.byName(name) : workgroups.byId(id);

/** The name of an asset without one: its address, padded. */
const paddedAddress = (address: string): string =>
  address
    .split('.')
    .map((part) => part.padStart(3, '0'))
    .join('.');

const createAsset = (template: string) =>
  change({
    method: 'POST',
    template,
    roles: ROLES,
    handle: (site, call) => {
      const workgroup = workgroupOf(site, call);
      if (workgroup === undefined) return refusal(404, 'Workgroup not found');
      const read = readBody(call, assetBody);
      if ('refused' in read) return read.refused;
      const { IPAddress, AssetName = paddedAddress(IPAddress ?? '') } = read.body;
      if (IPAddress === undefined) return refusal(400, 'The field IPAddress is required.');
      const existing = site.assets.ofWorkgroup(workgroup.id).find((asset) => byName.text(asset) === AssetName);
      if (existing !== undefined) return refusal(site.switches.duplicate, 'Asset already exists');
      const now = site.now();
      const asset = site.assets.add({
        WorkgroupID: workgroup.id,
        AssetName,
        IPAddress,
        DnsName: read.body.DnsName ?? null,
        DomainName: read.body.DomainName ?? null,
        MacAddress: read.body.MacAddress ?? null,
        AssetType: read.body.AssetType ?? null,
        OperatingSystem: read.body.OperatingSystem ?? null,
        Description: read.body.Description ?? null,
        createdAt: now,
        updatedAt: now,
      });
      return json(201, assetRow(site, asset, call.query.get('version')));
    },
  });

const listAssets = (template: string) =>
  collection({
    template,
    roles: ROLES,
    called: 'Asset',
    rows: (site, call) => {
      const workgroup = workgroupOf(site, call);
      const version = call.query.get('version');
      return workgroup && site.assets.ofWorkgroup(workgroup.id).map((asset) => assetRow(site, asset, version));
    },
    lookUp: byName,
    paging: counted,
  });

const updateAsset = change({
  method: 'PUT',
  template: 'Assets/{id}',
  roles: ROLES,
  handle: (site, call) => {
    const asset = site.assets.byId(call.ids[0] ?? 0);
    if (asset === undefined) return refusal(404, 'Asset not found');
    const read = readBody(call, assetBody);
    if ('refused' in read) return read.refused;
    const { WorkgroupID } = read.body;
    if (WorkgroupID !== undefined && site.workgroups.byId(WorkgroupID) === undefined) {
      return refusal(400, 'The field WorkgroupID is invalid: there is no such workgroup.');
    }
    const updated = { ...merged(asset, read.body), updatedAt: site.now() };
    site.assets.replace(updated);
    return json(200, assetRow(site, updated, call.query.get('version')));
  },
});

/** Its managed system and accounts go with it. */
const deleteAsset = change({
  method: 'DELETE',
  template: 'Assets/{id}',
  roles: ROLES,
  handle: (site, { ids: [id = 0] }) => {
    if (site.assets.byId(id) === undefined) return refusal(404, 'Asset not found');
    const system = site.systems.onAsset(id);
    if (system !== undefined) removeSystem(site, system);
    site.assets.remove(id);
    return empty(200);
  },
});

const searchBody = lenient(shape);

/** Compares exactly, but not the case. */
const isSame = (value: unknown, wanted: string): boolean =>
  typeof value === 'string' && value.toLowerCase() === wanted.toLowerCase();

const searchReply = (site: Site, call: Call, wanted: z.infer<typeof searchBody>): Reply => {
  const conditions = Object.entries(wanted).filter(
    ([name, value]) => name !== 'OperatingSystem' && value !== undefined,
  );
  if (conditions.length === 0) return refusal(400, 'At least one search field is required.');
  const found = site.assets.all().filter((asset) => {
    const fields = new Map<string, unknown>(Object.entries(asset));
    return conditions.every(([name, value]) => isSame(fields.get(name), value));
  });
  const rows = found.map((asset) => assetRow(site, asset, call.query.get('version')));
  return page(site, call, rows, 'counted');
};

const searchAssets: Endpoint = {
  method: 'POST',
  template: 'Assets/Search',
  kind: 'other',
  handle: (site, call, session) => {
    const refused = refuseWithout(session, ROLES);
    if (refused !== undefined) return refused;
    const read = readBody(call, searchBody);
    return 'refused' in read ? read.refused : searchReply(site, call, read.body);
  },
};

/** Workgroups and assets. */
export const assetEndpoints: readonly Endpoint[] = [
  createWorkgroup,
  ...['Workgroups/{id}/Assets', 'Workgroups/{name}/Assets'].flatMap((path) => [listAssets(path), createAsset(path)]),
  searchAssets,
  member({
    template: 'Assets/{id}',
    roles: ROLES,
    called: 'Asset',
    row: (site, id, call) => {
      const asset = site.assets.byId(id);
      return asset && assetRow(site, asset, call.query.get('version'));
    },
  }),
  updateAsset,
  deleteAsset,
  collection({
    template: 'SmartRules/{id}/Assets',
    roles: ROLES,
    called: 'Smart Rule',
    rows: (site, { ids: [id = 0] }) => {
      const rule = site.rules.byId(id);
      if (rule === undefined) return undefined;
      const covered = new Set(
        site.accounts.all.filter((account) => site.rules.covers(rule, account)).map(({ row }) => row.systemId),
      );
      const systems = site.systems.all().filter(({ ManagedSystemID }) => covered.has(ManagedSystemID));
      const assetIds = new Set(systems.map(({ AssetID }) => AssetID));
      return site.assets
        .all()
        .filter(({ AssetID }) => assetIds.has(AssetID))
        .map((asset) => assetRow(site, asset));
    },
    paging: counted,
  }),
];

import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int, text } from '#shared/connections/password-safe/fields.ts';
import { changeRow, createRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { idOf } from '#shared/connections/password-safe/resources/look-ups.ts';
import { onlyOne } from '#shared/connections/password-safe/resources/only-one.ts';
import { replaceRow } from '#shared/connections/password-safe/resources/replace.ts';
import {
  described,
  label,
  MAX_SHORT_DESCRIPTION,
  remarked,
} from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Found, ResourceType, ResourceWork } from '#shared/connections/resource.ts';
import { readMark, writeMark } from '#shared/domain/blueprint/mark.ts';

const assetSettings = z.strictObject({
  type: z.literal('asset').describe('An asset in a workgroup.'),
  ...commonResource,
  workgroup: label(256)
    .meta({ examples: ['Default Workgroup'] })
    .describe('Name of the workgroup. It must exist.'),
  name: label(128)
    .meta({ examples: ['{host}'] })
    .describe('Name of the asset, unique in its workgroup.'),
  address: label(46)
    .meta({ examples: ['{address}'] })
    .describe('IP address.'),
  dnsName: label(255).optional().describe('DNS name.'),
  domainName: label(64).optional().describe('Name of its domain.'),
  assetType: label(64).optional().describe('Type, such as Server.'),
  operatingSystem: label(255).optional().describe('Operating system.'),
  description: described(MAX_SHORT_DESCRIPTION),
});
type AssetSpec = z.infer<typeof assetSettings>;

export const asset: ResourceType = {
  settings: assetSettings,
  references: {},
  key: ['workgroup', 'name'],
  literal: () => [],
  fixed: {},
  keepsMark: true,
  grantsRights: false,
};

const row = z.looseObject({
  AssetID: int,
  AssetName: z.string(),
  IPAddress: text,
  DnsName: text,
  DomainName: text,
  AssetType: text,
  OperatingSystem: text,
  Description: text,
});
type AssetRow = z.infer<typeof row>;
const rows = listOf(row, ['AssetID']);

/** Systems of an asset. */
const insideRows = listOf(z.looseObject({ ManagedSystemID: int, SystemName: text }), ['ManagedSystemID']);

/** With this version, an asset has a description. */
const VERSION = { version: '3.1' };

const toFound = (found: AssetRow): Found => {
  const { text: description, mark } = readMark(found.Description);
  return {
    id: String(found.AssetID),
    title: found.AssetName,
    mark,
    fields: {
      address: found.IPAddress,
      dnsName: found.DnsName,
      domainName: found.DomainName,
      assetType: found.AssetType,
      operatingSystem: found.OperatingSystem,
      description,
    },
  };
};

const bodyOf = (spec: AssetSpec, mark: string | undefined) => ({
  IPAddress: spec.address,
  AssetName: spec.name,
  DnsName: spec.dnsName,
  DomainName: spec.domainName,
  AssetType: spec.assetType,
  OperatingSystem: spec.operatingSystem,
  Description: writeMark(spec.description, mark),
});

export const assetWork = (session: Session): ResourceWork<AssetSpec> => {
  const put = (id: string, changes: Readonly<Record<string, unknown>>): Promise<void> =>
    replaceRow(session, { collection: 'Assets', idProperty: 'AssetID', id, query: VERSION }, changes);
  return {
    desired: async ({ spec }) => ({
      address: spec.address,
      ...(spec.dnsName !== undefined && { dnsName: spec.dnsName }),
      ...(spec.domainName !== undefined && { domainName: spec.domainName }),
      ...(spec.assetType !== undefined && { assetType: spec.assetType }),
      ...(spec.operatingSystem !== undefined && { operatingSystem: spec.operatingSystem }),
      description: spec.description,
    }),
    async find({ spec }) {
      const workgroup = await idOf(session, 'workgroup', spec.workgroup, 'workgroup');
      const path = pathOf('Workgroups', workgroup, 'Assets');
      const found = (await findRows(session, path, rows, { name: spec.name, ...VERSION })).filter(
        ({ AssetName }) => AssetName.toLowerCase() === spec.name.toLowerCase(),
      );
      if (found.length === 0) return undefined;
      return toFound(onlyOne(session, `GET ${path}`, found));
    },
    async read(id) {
      const [found] = await findRows(session, pathOf('Assets', id), rows, VERSION);
      return found && toFound(found);
    },
    inside: async (id) =>
      (await findRows(session, pathOf('Assets', id, 'ManagedSystems'), insideRows)).map(({ SystemName }) => SystemName),
    async create({ spec }, { mark }) {
      const workgroup = await idOf(session, 'workgroup', spec.workgroup, 'workgroup');
      const { AssetID } = await createRow(
        session,
        pathOf('Workgroups', workgroup, 'Assets'),
        bodyOf(spec, mark),
        row,
        VERSION,
      );
      return String(AssetID);
    },
    change: ({ spec }, { id, mark }) => put(id, bodyOf(spec, mark)),
    setMark: (_wanted, { id, fields }, mark) => put(id, { Description: remarked(fields, mark) }),
    remove: (id) => changeRow(session, 'DELETE', pathOf('Assets', id)),
  };
};

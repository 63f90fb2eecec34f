import * as z from 'zod';
import { optionalFlag, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { label } from '#shared/connections/password-safe/resources/settings.ts';
import type { Fields } from '#shared/domain/blueprint/fields.ts';

/** Settings of a managed system without an asset: a directory or a cloud, directly in a workgroup. */

/** Ids of entity types (reference: password-safe-api.md 2.6, "Managed system body"). */
const ENTITIES = { directory: 3, cloud: 4 } as const;

/** Ids of the formats of account names. */
const NAME_FORMATS = { 'domain-and-account': 0, upn: 1, sam: 2 } as const;

export const workgroupSettings = {
  workgroup: label(256).optional().describe('Name of the workgroup of a directory or a cloud. It must exist.'),
  entity: z.enum(['directory', 'cloud']).optional().describe('Kind of a system without an asset.'),
  hostName: label(128).optional().describe('Name of the directory or cloud, unique in its workgroup.'),
  forestName: label(64).optional().describe('Forest of a directory.'),
  netBiosName: label(15).optional().describe('NetBIOS name of a directory.'),
  useSsl: z.boolean().optional().describe('True if the vault reaches a directory by TLS.'),
  accountNameFormat: z
    .enum(['domain-and-account', 'upn', 'sam'])
    .optional()
    .describe('Format of the account names of a directory.'),
  accessUrl: label(2048).optional().describe('Address of the console of a cloud.'),
};
const shape = z.object({ ...workgroupSettings, asset: z.string().optional() });
type Settings = z.infer<typeof shape>;

/** True if the system is on an asset or in a workgroup. Pure. */
export const isPlaced = ({ asset, workgroup, entity, hostName }: Settings): boolean =>
  asset === undefined
    ? workgroup !== undefined && entity !== undefined && hostName !== undefined
    : workgroup === undefined && entity === undefined && hostName === undefined;

/** Fields of a row. */
export const workgroupRow = {
  EntityTypeID: optionalInt,
  ForestName: text,
  NetBiosName: text,
  UseSSL: optionalFlag,
  AccountNameFormat: optionalInt,
  AccessURL: text,
};
const rowShape = z.object(workgroupRow);

/** Fields of a body. Pure. */
export const workgroupBody = ({ entity, accountNameFormat, ...settings }: Settings) => ({
  EntityTypeID: entity === undefined ? undefined : ENTITIES[entity],
  HostName: settings.hostName,
  ForestName: settings.forestName,
  NetBiosName: settings.netBiosName,
  UseSSL: settings.useSsl,
  AccountNameFormat: accountNameFormat === undefined ? undefined : NAME_FORMATS[accountNameFormat],
  AccessURL: settings.accessUrl,
});

/** Compared state that the settings ask for. Pure. */
export const desiredInWorkgroup = ({ entity, accountNameFormat, ...settings }: Settings): Fields => ({
  ...(entity !== undefined && { entity: ENTITIES[entity] }),
  ...(settings.forestName !== undefined && { forestName: settings.forestName }),
  ...(settings.netBiosName !== undefined && { netBiosName: settings.netBiosName }),
  ...(settings.useSsl !== undefined && { useSsl: settings.useSsl }),
  ...(accountNameFormat !== undefined && { accountNameFormat: NAME_FORMATS[accountNameFormat] }),
  ...(settings.accessUrl !== undefined && { accessUrl: settings.accessUrl }),
});

/** The same of a row. Pure. */
export const foundInWorkgroup = (row: z.infer<typeof rowShape>): Fields => ({
  entity: row.EntityTypeID ?? null,
  forestName: row.ForestName,
  netBiosName: row.NetBiosName,
  useSsl: row.UseSSL ?? false,
  accountNameFormat: row.AccountNameFormat ?? null,
  accessUrl: row.AccessURL,
});

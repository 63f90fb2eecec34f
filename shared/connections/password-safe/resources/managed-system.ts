import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { changeRow, createRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { idOf } from '#shared/connections/password-safe/resources/look-ups.ts';
import {
  desiredManagement,
  foundManagement,
  managementBody,
  managementRow,
  managementSettings,
} from '#shared/connections/password-safe/resources/management.ts';
import { onlyOne } from '#shared/connections/password-safe/resources/only-one.ts';
import { replaceRow } from '#shared/connections/password-safe/resources/replace.ts';
import {
  described,
  label,
  MAX_SHORT_DESCRIPTION,
  remarked,
} from '#shared/connections/password-safe/resources/settings.ts';
import {
  desiredInWorkgroup,
  foundInWorkgroup,
  isPlaced,
  workgroupBody,
  workgroupRow,
  workgroupSettings,
} from '#shared/connections/password-safe/resources/workgroup-system.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Found, ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { readMark, writeMark } from '#shared/domain/blueprint/mark.ts';

const managedSystemSettings = z
  .strictObject({
    type: z
      .literal('managed-system')
      .describe('The managed system of an asset, or a directory or cloud in a workgroup.'),
    ...commonResource,
    asset: label(31).optional().describe('Name of the asset resource in this blueprint. Instead: workgroup.'),
    ...workgroupSettings,
    platform: label(256)
      .meta({ examples: ['Linux'] })
      .describe('Name of the platform.'),
    port: z.int().min(1).max(65_535).optional().describe('Port. Default: that of the platform.'),
    timeoutSeconds: z.int().min(1).max(32_767).optional().describe('Timeout of a connection to the system.'),
    functionalAccount: label(100)
      .optional()
      .describe('Display name of the functional account. Required for automatic management.'),
    elevationCommand: label(80)
      .optional()
      .describe('Command with which the functional account gets more rights, such as sudo.'),
    keyRule: label(256)
      .optional()
      .describe(
        'Name of the DSS key rule. Required for keys: with the default, a change of a key would change the password.',
      ),
    ...managementSettings,
    description: described(MAX_SHORT_DESCRIPTION),
  })
  .refine(isPlaced, 'write either asset, or workgroup, entity and hostName');
type SystemSpec = z.infer<typeof managedSystemSettings>;

const checkedSettings = z.looseObject({
  autoManagement: z.boolean().optional(),
  functionalAccount: z.string().optional(),
});

export const managedSystem: ResourceType = {
  settings: managedSystemSettings,
  references: { asset: ['asset'] },
  key: ['asset', 'workgroup', 'hostName'],
  literal: () => ['functionalAccount', 'elevationCommand'],
  check(resource) {
    const { autoManagement, functionalAccount } = checkedSettings.parse(resource);
    if (autoManagement !== true || functionalAccount !== undefined) return [];
    return [{ setting: 'autoManagement', message: 'needs a functional account; add functionalAccount, by its name' }];
  },
  fixed: {
    entity: 'the vault cannot change the kind of a system. Deprovision the subject, and provision it again',
    platform: 'the vault cannot change the platform of a system. Deprovision the subject, and provision it again',
  },
  keepsMark: true,
  grantsRights: false,
};

const row = z.looseObject({
  ManagedSystemID: int,
  SystemName: text,
  HostName: text,
  WorkgroupID: optionalInt,
  ...workgroupRow,
  PlatformID: optionalInt,
  Port: optionalInt,
  Timeout: optionalInt,
  FunctionalAccountID: optionalInt,
  ElevationCommand: text,
  DSSKeyRuleID: optionalInt,
  ...managementRow,
});
type SystemRow = z.infer<typeof row>;
const rows = listOf(row, ['ManagedSystemID']);

/** Accounts of a system. */
const insideRows = listOf(z.looseObject({ ManagedAccountID: int, AccountName: text }), ['ManagedAccountID']);

/** Version of the body by asset. */
const VERSION = { version: '3.2' };
/** Version of the body by workgroup. */
const WORKGROUP_VERSION = { version: '3.3' };

const toFound = (found: SystemRow): Found => {
  const { text: description, mark } = readMark(found.Description);
  return {
    id: String(found.ManagedSystemID),
    title: found.SystemName,
    mark,
    fields: {
      platform: found.PlatformID ?? null,
      port: found.Port ?? null,
      timeoutSeconds: found.Timeout ?? null,
      functionalAccount: found.FunctionalAccountID ?? null,
      elevationCommand: found.ElevationCommand,
      keyRule: found.DSSKeyRuleID ?? null,
      ...foundInWorkgroup(found),
      ...foundManagement(found),
      description,
    },
  };
};

export const managedSystemWork = (session: Session): ResourceWork<SystemSpec> => {
  const workgroupOf = (name: string): Promise<number> => idOf(session, 'workgroup', name, 'workgroup');
  const assetOf = ({ refs }: Pick<Wanted, 'refs'>): string => refs['asset']?.[0] ?? '';
  const idsOf = async (spec: SystemSpec) => {
    const find = (kind: Parameters<typeof idOf>[1], name: string | undefined, setting: string) =>
      name === undefined ? undefined : idOf(session, kind, name, setting);
    return {
      platform: await idOf(session, 'platform', spec.platform, 'platform'),
      functionalAccount: await find('functionalAccount', spec.functionalAccount, 'functionalAccount'),
      passwordRule: await find('passwordRule', spec.passwordRule, 'passwordRule'),
      keyRule: await find('keyRule', spec.keyRule, 'keyRule'),
    };
  };
  const bodyOf = async (spec: SystemSpec, mark: string | undefined) => {
    const ids = await idsOf(spec);
    return {
      PlatformID: ids.platform,
      Port: spec.port,
      Timeout: spec.timeoutSeconds,
      FunctionalAccountID: ids.functionalAccount,
      ElevationCommand: spec.elevationCommand,
      DSSKeyRuleID: ids.keyRule,
      ...workgroupBody(spec),
      ...managementBody(spec, ids.passwordRule),
      Description: writeMark(spec.description, mark),
    };
  };
  const put = (id: string, changes: Readonly<Record<string, unknown>>): Promise<void> =>
    replaceRow(session, { collection: 'ManagedSystems', idProperty: 'ManagedSystemID', id, query: VERSION }, changes);
  return {
    async desired({ spec }) {
      const ids = await idsOf(spec);
      return {
        platform: ids.platform,
        ...(spec.port !== undefined && { port: spec.port }),
        ...(spec.timeoutSeconds !== undefined && { timeoutSeconds: spec.timeoutSeconds }),
        // The vault drops it while automatic management is off.
        ...(ids.functionalAccount !== undefined &&
          spec.autoManagement === true && { functionalAccount: ids.functionalAccount }),
        ...(spec.elevationCommand !== undefined && { elevationCommand: spec.elevationCommand }),
        ...(ids.keyRule !== undefined && { keyRule: ids.keyRule }),
        ...desiredInWorkgroup(spec),
        ...desiredManagement(spec, ids.passwordRule),
        description: spec.description,
      };
    },
    async find(wanted) {
      const { spec } = wanted;
      if (spec.workgroup === undefined) {
        const path = pathOf('Assets', assetOf(wanted), 'ManagedSystems');
        const found = await findRows(session, path, rows);
        return found.length === 0 ? undefined : toFound(onlyOne(session, `GET ${path}`, found));
      }
      const workgroup = await workgroupOf(spec.workgroup);
      const isWanted = ({ HostName, WorkgroupID }: SystemRow): boolean =>
        WorkgroupID === workgroup && HostName.toLowerCase() === spec.hostName?.toLowerCase();
      const found = (await findRows(session, pathOf('Workgroups', workgroup, 'ManagedSystems'), rows)).filter(isWanted);
      return found.length === 0 ? undefined : toFound(onlyOne(session, 'GET ManagedSystems', found));
    },
    async read(id) {
      const [found] = await findRows(session, pathOf('ManagedSystems', id), rows);
      return found && toFound(found);
    },
    inside: async (id) =>
      (await findRows(session, pathOf('ManagedSystems', id, 'ManagedAccounts'), insideRows)).map(
        ({ AccountName }) => AccountName,
      ),
    async create(wanted, { mark }) {
      const { spec } = wanted;
      const body = await bodyOf(spec, mark);
      const made =
        spec.workgroup === undefined
          ? await createRow(session, pathOf('Assets', assetOf(wanted), 'ManagedSystems'), body, row, VERSION)
          : await createRow(
              session,
              pathOf('Workgroups', await workgroupOf(spec.workgroup), 'ManagedSystems'),
              body,
              row,
              WORKGROUP_VERSION,
            );
      return String(made.ManagedSystemID);
    },
    change: async ({ spec }, { id, mark }) => put(id, await bodyOf(spec, mark)),
    setMark: (_wanted, { id, fields }, mark) => put(id, { Description: remarked(fields, mark) }),
    remove: (id) => changeRow(session, 'DELETE', pathOf('ManagedSystems', id)),
  };
};

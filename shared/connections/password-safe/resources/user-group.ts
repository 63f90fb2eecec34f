import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int, optionalFlag, text } from '#shared/connections/password-safe/fields.ts';
import { changeRow, createRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { onlyOne } from '#shared/connections/password-safe/resources/only-one.ts';
import { label, requiredDescription } from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Found, ResourceType, ResourceWork } from '#shared/connections/resource.ts';
import { readMark, writeMark } from '#shared/domain/blueprint/mark.ts';
import { RelayError } from '#shared/errors.ts';

const KINDS = {
  'beyond-insight': 'BeyondInsight',
  'active-directory': 'ActiveDirectory',
  entra: 'EntraID',
  ldap: 'LdapDirectory',
} as const;

const userGroupSettings = z.strictObject({
  type: z.literal('user-group').describe('A group of users.'),
  ...commonResource,
  kind: z
    .enum(['beyond-insight', 'active-directory', 'entra', 'ldap'])
    .default('beyond-insight')
    .describe('Directory of the group. The vault reads a directory with a credential that it has already.'),
  name: label(200)
    .meta({ examples: ['Owners of {host}'] })
    .describe('Name of the group.'),
  description: requiredDescription.default('Provisioned').describe('Description. The relay adds its mark at the end.'),
  active: z.boolean().default(true).describe('True if its members can sign in.'),
  registrations: z
    .array(z.int().min(1))
    .max(20)
    .optional()
    .describe('Ids of the API registrations that the group may use. The user of a connection needs one to sign in.'),
  forestName: label(300).optional().describe('Forest of an Active Directory group.'),
  domainName: label(250).optional().describe('Domain of an Active Directory group.'),
  clientId: label(300).optional().describe('Application of an Entra ID group.'),
  tenantId: label(300).optional().describe('Tenant of an Entra ID group.'),
  distinguishedName: label(500).optional().describe('Distinguished name of an LDAP group.'),
  hostName: label(50).optional().describe('Server of an LDAP group.'),
  membershipAttribute: label(255).optional().describe('Attribute of an LDAP group that lists its members.'),
  accountAttribute: label(255).optional().describe('Attribute of an LDAP user that is its account name.'),
});
type UserGroupSpec = z.infer<typeof userGroupSettings>;

/** Settings that each kind of directory needs (reference: password-safe-api.md 2.6, `POST UserGroups`). */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'active-directory': ['forestName', 'domainName'],
  entra: ['clientId', 'tenantId'],
  ldap: ['distinguishedName', 'hostName', 'membershipAttribute', 'accountAttribute'],
};

/** Settings that choose a group in a directory. */
const IN_DIRECTORY = ['name', 'forestName', 'domainName', 'clientId', 'tenantId', 'distinguishedName', 'hostName'];

const NO_PUT = 'the vault cannot change a group by its API. Deprovision the subject, and provision it again';

export const userGroup: ResourceType = {
  settings: userGroupSettings,
  references: {},
  key: ['name'],
  // The members of a group in a directory exist already.
  literal: ({ kind = 'beyond-insight' }) => (kind === 'beyond-insight' ? [] : IN_DIRECTORY),
  check({ adopt, kind = 'beyond-insight', ...settings }) {
    // The vault cannot change its description, so that it could be neither marked nor released.
    const adoption = { setting: 'adopt', message: 'is not possible for this type; remove it, and use a new name' };
    const missing = (NEEDED[String(kind)] ?? []).filter((setting) => settings[setting] === undefined);
    return [
      ...(adopt === true ? [adoption] : []),
      ...missing.map((setting) => ({
        setting: undefined,
        message: `lacks ${setting}, which a group of the kind ${kind} needs`,
      })),
    ];
  },
  fixed: { kind: NO_PUT, description: NO_PUT, active: NO_PUT, registrations: NO_PUT },
  keepsMark: true,
  grantsRights: true,
};

/** Has every right, so nothing that a message names may touch it. */
const BUILT_IN = /^administrators$/i;

/** Refuses the built-in group of administrators. */
const refuseBuiltIn = ({ connection }: Pick<Session, 'connection'>, name: string): void => {
  if (!BUILT_IN.test(name)) return;
  throw new RelayError(
    'ResourceForeign',
    `${connection}: the relay does not manage the built-in group Administrators. Use another group.`,
  );
};

const row = z.looseObject({
  GroupID: int,
  Name: z.string(),
  Description: text,
  GroupType: text,
  IsActive: optionalFlag,
  ApplicationRegistrationIDs: z.array(int).nullish(),
});
const rows = listOf(row, ['GroupID']);

const toFound = (found: z.infer<typeof row>): Found => {
  const { text: description, mark } = readMark(found.Description);
  return {
    id: String(found.GroupID),
    title: found.Name,
    mark,
    fields: {
      kind: found.GroupType.toLowerCase(),
      description,
      active: found.IsActive ?? false,
      registrations: found.ApplicationRegistrationIDs ?? [],
    },
  };
};

export const userGroupWork = (session: Session): ResourceWork<UserGroupSpec> => ({
  desired: async ({ spec }) => ({
    kind: KINDS[spec.kind].toLowerCase(),
    description: spec.description,
    active: spec.active,
    ...(spec.registrations !== undefined && { registrations: spec.registrations }),
  }),
  async find({ spec }) {
    refuseBuiltIn(session, spec.name);
    const found = (await findRows(session, 'UserGroups', rows, { name: spec.name })).filter(
      ({ Name }) => Name.toLowerCase() === spec.name.toLowerCase(),
    );
    return found.length === 0 ? undefined : toFound(onlyOne(session, 'GET UserGroups', found));
  },
  async read(id) {
    const [found] = await findRows(session, pathOf('UserGroups', id), rows);
    return found && toFound(found);
  },
  async create({ spec }, { mark }) {
    const { GroupID } = await createRow(
      session,
      'UserGroups',
      {
        groupType: KINDS[spec.kind],
        groupName: spec.name,
        description: writeMark(spec.description, mark),
        isActive: spec.active,
        ApplicationRegistrationIDs: spec.registrations,
        forestName: spec.forestName,
        domainName: spec.domainName,
        ClientId: spec.clientId,
        TenantId: spec.tenantId,
        groupDistinguishedName: spec.distinguishedName,
        hostName: spec.hostName,
        membershipAttribute: spec.membershipAttribute,
        accountAttribute: spec.accountAttribute,
      },
      row,
    );
    return String(GroupID);
  },
  async change(_wanted, { title }) {
    throw new RelayError('ChangeRefused', `${session.connection}: the group ${JSON.stringify(title)}: ${NO_PUT}.`);
  },
  async setMark(_wanted, { title }) {
    throw new RelayError(
      'ChangeRefused',
      `${session.connection}: the vault cannot change the description of the group ${JSON.stringify(title)}, so the relay cannot mark or release it. Remove adopt, and give the group another name.`,
    );
  },
  remove: (id) => changeRow(session, 'DELETE', pathOf('UserGroups', id)),
});

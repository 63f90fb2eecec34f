import * as z from 'zod';
import { commonResource, initialPassword } from '#shared/config/schema/provisioning.ts';
import { changeCredential, testCredential } from '#shared/connections/password-safe/changes.ts';
import { int, optionalFlag, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { idIn } from '#shared/connections/password-safe/ids.ts';
import { endRequests, testAccess } from '#shared/connections/password-safe/resources/account-calls.ts';
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
import { generateByRule } from '#shared/connections/password-safe/resources/password-rules.ts';
import { replaceRow } from '#shared/connections/password-safe/resources/replace.ts';
import {
  described,
  label,
  MAX_ACCOUNT_DESCRIPTION,
  remarked,
} from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Found, Initial, ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { readMark, writeMark } from '#shared/domain/blueprint/mark.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret } from '#shared/secret.ts';

const managedAccountSettings = z.strictObject({
  type: z.literal('managed-account').describe('An account of a managed system.'),
  ...commonResource,
  system: label(31)
    .meta({ examples: ['system'] })
    .describe('Name of the managed system resource in this blueprint.'),
  name: label(245)
    .meta({ examples: ['root'] })
    .describe('Name of the account on the system.'),
  password: initialPassword.describe('Source of the first password.'),
  apiEnabled: z
    .boolean()
    .default(true)
    .describe('True if the account can be requested by the API. Deprovisioning withdraws it.'),
  keyManagement: z.boolean().optional().describe('True if the vault changes the private key (DSS) automatically.'),
  maxConcurrentRequests: z.int().min(0).max(999).optional().describe('Maximum of concurrent requests; 0: unlimited.'),
  ...managementSettings,
  description: described(MAX_ACCOUNT_DESCRIPTION),
});
type AccountSpec = z.infer<typeof managedAccountSettings>;

const managedChecked = z.looseObject({ autoManagement: z.boolean().optional() });
const accountChecked = managedChecked.extend({ password: initialPassword.optional(), system: z.string().optional() });

export const managedAccount: ResourceType = {
  settings: managedAccountSettings,
  references: { system: ['managed-system'] },
  key: ['system', 'name'],
  literal: () => ['password'],
  check(resource, others) {
    const { password, autoManagement, system } = accountChecked.parse(resource);
    if (password?.from !== 'vault') return [];
    const owner = managedChecked.safeParse(others[system ?? '']).data;
    return [
      ...(autoManagement === true
        ? []
        : [{ setting: 'password', message: 'is set by the vault, which needs autoManagement: true on the account' }]),
      ...(owner === undefined || owner.autoManagement === true
        ? []
        : [{ setting: 'password', message: `is set by the vault, which needs autoManagement: true on "${system}"` }]),
    ];
  },
  fixed: {},
  keepsMark: true,
  grantsRights: false,
  loss: 'The vault may hold the only copy of the credentials of an account.',
};

const row = z.looseObject({
  ManagedAccountID: int,
  ManagedSystemID: int,
  AccountName: z.string(),
  ApiEnabled: optionalFlag,
  DSSAutoManagementFlag: optionalFlag,
  MaxConcurrentRequests: optionalInt,
  ChangeState: optionalInt,
  IsChanging: optionalFlag,
  LastChangeDate: text,
  ...managementRow,
});
type AccountRow = z.infer<typeof row>;
const rows = listOf(row, ['ManagedAccountID']);

const VERSION = { version: '3.5' };

const toFound = (found: AccountRow): Found => {
  const { text: description, mark } = readMark(found.Description);
  return {
    id: String(found.ManagedAccountID),
    title: found.AccountName,
    mark,
    fields: {
      apiEnabled: found.ApiEnabled ?? false,
      keyManagement: found.DSSAutoManagementFlag ?? false,
      maxConcurrentRequests: found.MaxConcurrentRequests ?? null,
      ...foundManagement(found),
      description,
    },
  };
};

export const managedAccountWork = (session: Session): ResourceWork<AccountSpec> => {
  const systemOf = ({ refs }: Pick<Wanted, 'refs'>): string => refs['system']?.[0] ?? '';
  const passwordRuleOf = async ({ passwordRule }: AccountSpec) =>
    passwordRule === undefined ? undefined : idOf(session, 'passwordRule', passwordRule, 'passwordRule');
  const bodyOf = async (spec: AccountSpec, mark: string | undefined) => ({
    AccountName: spec.name,
    ApiEnabled: spec.apiEnabled,
    DSSAutoManagementFlag: spec.keyManagement,
    MaxConcurrentRequests: spec.maxConcurrentRequests,
    ...managementBody(spec, await passwordRuleOf(spec)),
    Description: writeMark(spec.description, mark),
  });
  const readRow = async (id: string): Promise<AccountRow> =>
    onlyOne(session, `GET ManagedAccounts/${id}`, await findRows(session, pathOf('ManagedAccounts', id), rows));
  const put = (id: string, changes: Readonly<Record<string, unknown>>): Promise<void> =>
    replaceRow(session, { collection: 'ManagedAccounts', idProperty: 'ManagedAccountID', id, query: VERSION }, changes);
  const passwordFor = async (spec: AccountSpec, initial: Initial | undefined): Promise<Secret | undefined> => {
    if (initial?.from === 'secret') return initial.value;
    return initial?.from === 'relay' ? generateByRule(session, await passwordRuleOf(spec)) : undefined;
  };
  return {
    desired: async ({ spec }) => ({
      apiEnabled: spec.apiEnabled,
      ...(spec.keyManagement !== undefined && { keyManagement: spec.keyManagement }),
      ...(spec.maxConcurrentRequests !== undefined && { maxConcurrentRequests: spec.maxConcurrentRequests }),
      ...desiredManagement(spec, await passwordRuleOf(spec)),
      description: spec.description,
    }),
    async find(wanted) {
      const path = pathOf('ManagedSystems', systemOf(wanted), 'ManagedAccounts');
      const found = (await findRows(session, path, rows, { name: wanted.spec.name })).filter(
        ({ AccountName }) => AccountName.toLowerCase() === wanted.spec.name.toLowerCase(),
      );
      return found.length === 0 ? undefined : toFound(onlyOne(session, `GET ${path}`, found));
    },
    async read(id) {
      const [found] = await findRows(session, pathOf('ManagedAccounts', id), rows);
      return found && toFound(found);
    },
    async create(wanted, { mark, initial }) {
      const password = await passwordFor(wanted.spec, initial);
      const body = { ...(await bodyOf(wanted.spec, mark)), Password: password?.reveal() };
      const path = pathOf('ManagedSystems', systemOf(wanted), 'ManagedAccounts');
      const { ManagedAccountID } = await createRow(session, path, body, row, VERSION);
      return String(ManagedAccountID);
    },
    change: async ({ spec }, { id, mark }) => put(id, await bodyOf(spec, mark)),
    setMark: (_wanted, { id, fields }, mark) => put(id, { Description: remarked(fields, mark) }),
    setEnabled: (id, isEnabled) => put(id, { ApiEnabled: isEnabled }),
    async endUse(id) {
      if (await endRequests(session, id)) return { waitMinutes: 0 };
      const { MaxReleaseDuration } = await readRow(id);
      return { waitMinutes: MaxReleaseDuration ?? 0 };
    },
    remove: (id) => changeRow(session, 'DELETE', pathOf('ManagedAccounts', id)),
    async settle(_wanted, id, initial) {
      if (initial !== 'vault') return 'done';
      const { LastChangeDate, ChangeState, IsChanging } = await readRow(id);
      if (LastChangeDate !== '') return 'done';
      if ((ChangeState ?? 0) === 0 && IsChanging !== true) {
        await changeCredential(session, idIn(id, 'account'), { queue: true });
      }
      return 'pending';
    },
    async prove(_wanted, id) {
      return (await testCredential(session, idIn(id, 'account')))
        ? { proven: true }
        : {
            proven: false,
            reason:
              'the vault could not log on with the password of the account. Check that the account exists on the machine with this password, and that the vault reaches the machine.',
          };
    },
    async proveAccess(wanted, id) {
      try {
        const policies = await testAccess(session, systemOf(wanted), id);
        if (policies > 0) return { proven: true };
      } catch (error) {
        if (!(error instanceof RelayError && error.name === 'NotRequestable')) throw error;
      }
      return {
        proven: false,
        reason: `the user of ${session.connection} may not check out the account now. Check the role and the access policy of its group on the rule, and the schedules of the policy.`,
      };
    },
  };
};

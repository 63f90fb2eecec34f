import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int, text } from '#shared/connections/password-safe/fields.ts';
import { changeRow, createRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { onlyOne } from '#shared/connections/password-safe/resources/only-one.ts';
import { described, label, MAX_SHORT_DESCRIPTION } from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Found, ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { readMark, writeMark } from '#shared/domain/blueprint/mark.ts';
import { RelayError } from '#shared/errors.ts';

const MAX_MEMBERS = 100;

const members = (what: string) => z.array(label(31)).min(1, `name at least one ${what}`).max(MAX_MEMBERS).optional();

const quickRuleSettings = z
  .strictObject({
    type: z.literal('quick-rule').describe('A quick rule over accounts or systems of this blueprint.'),
    ...commonResource,
    title: label(75)
      .meta({ examples: ['Linux {host}'] })
      .describe('Title, unique over all rules of the vault.'),
    accounts: members('account').describe('Names of the managed account resources in this blueprint.'),
    systems: members('system').describe(
      'Names of the managed system resources in this blueprint. Instead of accounts.',
    ),
    category: label(50).default('Quick Rules').describe('Category.'),
    description: described(MAX_SHORT_DESCRIPTION),
  })
  .refine(
    ({ accounts, systems }) => (accounts === undefined) !== (systems === undefined),
    'write either accounts or systems',
  );
type QuickRuleSpec = z.infer<typeof quickRuleSettings>;

const NO_PUT =
  'the vault can change only the accounts of a quick rule. Deprovision the subject, and provision it again';

export const quickRule: ResourceType = {
  settings: quickRuleSettings,
  references: { accounts: ['managed-account'], systems: ['managed-system'] },
  key: ['title'],
  literal: () => [],
  // The vault cannot change its description, so that it could be neither marked nor released.
  check: ({ adopt }) =>
    adopt === true
      ? [{ setting: 'adopt', message: 'is not possible for this type; remove it, and use a new title' }]
      : [],
  fixed: { category: NO_PUT, description: NO_PUT },
  keepsMark: true,
  grantsRights: true,
};

const row = z.looseObject({ SmartRuleID: int, Title: z.string(), Category: text, Description: text });
const rows = listOf(row, ['SmartRuleID']);
/** The kinds of rule: their members in the path, in the rows, and their type. */
const KINDS = {
  accounts: { path: 'ManagedAccounts', id: 'ManagedAccountID', type: 'ManagedAccount' },
  systems: { path: 'ManagedSystems', id: 'ManagedSystemID', type: 'ManagedSystem' },
} as const;

export const quickRuleWork = (session: Session): ResourceWork<QuickRuleSpec> => {
  const kindOf = ({ systems }: QuickRuleSpec): keyof typeof KINDS => (systems === undefined ? 'accounts' : 'systems');
  const idsOf = ({ spec, refs }: Wanted<QuickRuleSpec>): number[] => (refs[kindOf(spec)] ?? []).map(Number);
  const toFound = async (found: z.infer<typeof row>, kind: keyof typeof KINDS): Promise<Found> => {
    const { text: description, mark } = readMark(found.Description);
    const { path, id } = KINDS[kind];
    const rowsOfMembers = listOf(z.looseObject({ [id]: int }), [id]);
    const memberRows = await findRows(session, pathOf('QuickRules', found.SmartRuleID, path), rowsOfMembers);
    return {
      id: String(found.SmartRuleID),
      title: found.Title,
      mark,
      fields: { [kind]: memberRows.map((one) => Number(one[id])), category: found.Category, description },
    };
  };
  return {
    desired: async (wanted) => ({
      [kindOf(wanted.spec)]: idsOf(wanted),
      category: wanted.spec.category,
      description: wanted.spec.description,
    }),
    async find({ spec }) {
      const found = (await findRows(session, 'QuickRules', rows, { title: spec.title })).filter(
        ({ Title }) => Title.toLowerCase() === spec.title.toLowerCase(),
      );
      return found.length === 0 ? undefined : toFound(onlyOne(session, 'GET QuickRules', found), kindOf(spec));
    },
    async read(id) {
      const [found] = await findRows(session, pathOf('QuickRules', id), rows);
      return found && toFound(found, 'accounts');
    },
    async create(wanted, { mark }) {
      const { spec } = wanted;
      const { SmartRuleID } = await createRow(
        session,
        'QuickRules',
        {
          IDs: idsOf(wanted),
          Title: spec.title,
          Category: spec.category,
          Description: writeMark(spec.description, mark),
          RuleType: KINDS[kindOf(spec)].type,
        },
        row,
      );
      return String(SmartRuleID);
    },
    change: (wanted, { id }) =>
      changeRow(session, 'PUT', pathOf('QuickRules', id, KINDS[kindOf(wanted.spec)].path), { IDs: idsOf(wanted) }),
    async setMark(_wanted, { title }) {
      throw new RelayError(
        'ChangeRefused',
        `${session.connection}: the vault cannot change the description of the quick rule ${JSON.stringify(title)}, so the relay cannot mark or release it. Remove adopt, and give the rule another title.`,
      );
    },
    remove: (id) => changeRow(session, 'DELETE', pathOf('QuickRules', id)),
  };
};

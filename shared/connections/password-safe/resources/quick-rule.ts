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

const quickRuleSettings = z.strictObject({
  type: z.literal('quick-rule').describe('A quick rule over accounts of this blueprint.'),
  ...commonResource,
  title: label(75)
    .meta({ examples: ['Linux {host}'] })
    .describe('Title, unique over all rules of the vault.'),
  accounts: z
    .array(label(31))
    .min(1, 'name at least one account')
    .max(MAX_MEMBERS)
    .meta({ examples: [['root']] })
    .describe('Names of the managed account resources in this blueprint.'),
  category: label(50).default('Quick Rules').describe('Category.'),
  description: described(MAX_SHORT_DESCRIPTION),
});
type QuickRuleSpec = z.infer<typeof quickRuleSettings>;

const NO_PUT =
  'the vault can change only the accounts of a quick rule. Deprovision the subject, and provision it again';

export const quickRule: ResourceType = {
  settings: quickRuleSettings,
  references: { accounts: ['managed-account'] },
  key: ['title'],
  fixed: { category: NO_PUT, description: NO_PUT },
  keepsMark: true,
  grantsRights: true,
};

const row = z.looseObject({ SmartRuleID: int, Title: z.string(), Category: text, Description: text });
const rows = listOf(row, ['SmartRuleID']);
const members = listOf(z.looseObject({ ManagedAccountID: int }), ['ManagedAccountID']);

export const quickRuleWork = (session: Session): ResourceWork<QuickRuleSpec> => {
  const accountsOf = ({ refs }: Pick<Wanted, 'refs'>): number[] => (refs['accounts'] ?? []).map(Number);
  const toFound = async (found: z.infer<typeof row>): Promise<Found> => {
    const { text: description, mark } = readMark(found.Description);
    const path = pathOf('QuickRules', found.SmartRuleID, 'ManagedAccounts');
    const accounts = await findRows(session, path, members);
    return {
      id: String(found.SmartRuleID),
      title: found.Title,
      mark,
      fields: {
        accounts: accounts.map(({ ManagedAccountID }) => ManagedAccountID),
        category: found.Category,
        description,
      },
    };
  };
  return {
    desired: async (wanted) => ({
      accounts: accountsOf(wanted),
      category: wanted.spec.category,
      description: wanted.spec.description,
    }),
    async find({ spec }) {
      const found = (await findRows(session, 'QuickRules', rows, { title: spec.title })).filter(
        ({ Title }) => Title.toLowerCase() === spec.title.toLowerCase(),
      );
      return found.length === 0 ? undefined : toFound(onlyOne(session, 'GET QuickRules', found));
    },
    async create(wanted, { mark }) {
      const { spec } = wanted;
      const { SmartRuleID } = await createRow(
        session,
        'QuickRules',
        {
          IDs: accountsOf(wanted),
          Title: spec.title,
          Category: spec.category,
          Description: writeMark(spec.description, mark),
          RuleType: 'ManagedAccount',
        },
        row,
      );
      return String(SmartRuleID);
    },
    change: (wanted, { id }) =>
      changeRow(session, 'PUT', pathOf('QuickRules', id, 'ManagedAccounts'), { AccountIDs: accountsOf(wanted) }),
    async setMark(_wanted, { title }) {
      throw new RelayError(
        'ChangeRefused',
        `${session.connection}: the vault cannot change the description of the quick rule ${JSON.stringify(title)}, so the relay cannot mark or release it. Remove adopt, and give the rule another title.`,
      );
    },
    remove: (id) => changeRow(session, 'DELETE', pathOf('QuickRules', id)),
  };
};

import * as z from 'zod';
import { integer } from '../calls.ts';
import { lenient, readBody, text } from '../fields.ts';
import { withOddFields } from '../paging.ts';
import { empty, formatDate, json, type Reply, refusal } from '../replies.ts';
import { ALL_ACCOUNTS_RULE_ID, type Rule, type RuleType } from '../rules.ts';
import type { Endpoint, Site } from '../site.ts';
import type { Role } from '../users.ts';
import { change, collection, member } from './collections.ts';
import { managedAccountRow } from './managed-accounts.ts';
import { ORGANIZATION_ID } from './users.ts';

const READS: readonly Role[] = ['account-management'];
const CHANGES: readonly Role[] = ['rule-management'];

const commonRow = (site: Site, rule: Rule) => ({
  Title: rule.title,
  Description: rule.description,
  Category: rule.category,
  Status: 'Processed',
  LastProcessedDate: formatDate(site.rules.lastProcessedAt(rule.ruleId), site.switches.dateFormat),
  IsReadOnly: rule.ruleId === ALL_ACCOUNTS_RULE_ID,
  RuleType: rule.type,
});

export const smartRuleRow = (site: Site, rule: Rule) =>
  withOddFields(site.switches, `rule ${rule.ruleId}`, {
    SmartRuleID: rule.ruleId,
    OrganizationIDs: [ORGANIZATION_ID],
    ...commonRow(site, rule),
  });

const quickRuleRow = (site: Site, rule: Rule) =>
  withOddFields(site.switches, `rule ${rule.ruleId}`, {
    SmartRuleID: rule.ruleId,
    OrganizationID: ORGANIZATION_ID,
    ...commonRow(site, rule),
  });

const quickRuleOf = ({ rules }: Site, ruleId = 0): Rule | undefined => {
  const rule = rules.byId(ruleId);
  return rule?.ids === undefined ? undefined : rule;
};

const NOT_FOUND = refusal(404, 'Quick Rule not found');
const EMPTIED = refusal(400, 'A Quick Rule must not be empty.');

/** The first id without an object. Undefined if all have one. */
const unknownId = (site: Site, type: RuleType, ids: readonly number[]): number | undefined =>
  ids.find((id) => (type === 'ManagedAccount' ? site.accounts.byId(id) : site.systems.byId(id)) === undefined);

const ids = z.array(integer).optional();
const ruleBody = lenient({
  IDs: ids,
  AccountIDs: ids,
  Title: z.string().max(75),
  Category: text(50),
  Description: z.string().optional(),
  RuleType: z.enum(['ManagedAccount', 'ManagedSystem']).optional(),
});

const createRule = change({
  method: 'POST',
  template: 'QuickRules',
  roles: CHANGES,
  handle: (site, call) => {
    const read = readBody(call, ruleBody);
    if ('refused' in read) return read.refused;
    const { Title, Category, Description, RuleType: type = 'ManagedAccount', IDs, AccountIDs = [] } = read.body;
    const members = IDs ?? AccountIDs;
    if (members.length === 0) return refusal(400, 'The field IDs is required.');
    const unknown = unknownId(site, type, members);
    if (unknown !== undefined) return refusal(400, `The field IDs is invalid: there is no ${type} ${unknown}.`);
    if (site.rules.byTitle(Title) !== undefined) return refusal(site.switches.duplicate, 'Title already exists');
    const rule = site.rules.add({
      title: Title,
      description: Description ?? Title,
      category: Category ?? 'Quick Rules',
      type,
      ids: new Set(members),
    });
    return json(201, quickRuleRow(site, rule));
  },
});

const membersReply = (site: Site, rule: Rule): Reply => {
  if (rule.type === 'ManagedSystem') {
    return json(
      200,
      site.systems.all().filter(({ ManagedSystemID }) => rule.ids?.has(ManagedSystemID)),
    );
  }
  const accounts = site.accounts.all.filter((account) => site.rules.covers(rule, account));
  return json(
    200,
    accounts.map((account) => managedAccountRow(site, account)),
  );
};

/** Replaces the members of a rule, and returns them. */
const withMembers = (site: Site, rule: Rule, members: readonly number[]): Reply => {
  if (members.length === 0) return EMPTIED;
  const updated = { ...rule, ids: new Set(members) };
  site.rules.replace(updated);
  return membersReply(site, updated);
};

const membersBody = lenient({ IDs: ids, AccountIDs: ids });

/** The calls that change the members of one type. */
const memberChanges = (path: string, type: RuleType): Endpoint[] => [
  change({
    method: 'PUT',
    template: `QuickRules/{id}/${path}`,
    roles: CHANGES,
    handle: (site, call) => {
      const rule = quickRuleOf(site, call.ids[0]);
      if (rule?.type !== type) return NOT_FOUND;
      const read = readBody(call, membersBody);
      if ('refused' in read) return read.refused;
      const members = read.body.IDs ?? read.body.AccountIDs ?? [];
      const unknown = unknownId(site, type, members);
      if (unknown !== undefined) return refusal(400, `The field IDs is invalid: there is no ${type} ${unknown}.`);
      return withMembers(site, rule, members);
    },
  }),
  change({
    method: 'POST',
    template: `QuickRules/{id}/${path}/{id}`,
    roles: CHANGES,
    handle: (site, { ids: [ruleId, id = 0] }) => {
      const rule = quickRuleOf(site, ruleId);
      if (rule?.type !== type) return NOT_FOUND;
      if (unknownId(site, type, [id]) !== undefined) return refusal(404, 'The object of the rule was not found');
      return withMembers(site, rule, [...(rule.ids ?? []), id]);
    },
  }),
  change({
    method: 'DELETE',
    template: `QuickRules/{id}/${path}/{id}`,
    roles: CHANGES,
    handle: (site, { ids: [ruleId, id = 0] }) => {
      const rule = quickRuleOf(site, ruleId);
      if (rule?.type !== type) return NOT_FOUND;
      if (rule.ids?.has(id) !== true) return refusal(404, 'The object is not in the rule');
      return withMembers(
        site,
        rule,
        [...rule.ids].filter((other) => other !== id),
      );
    },
  }),
];

const deleteRule = (site: Site, rule: Rule | undefined): Reply => {
  if (rule === undefined) return refusal(404, 'Smart Rule not found');
  if (rule.ids === undefined) return refusal(400, 'The Smart Rule is read-only.');
  site.rules.remove(rule.ruleId);
  site.groups.forgetRule(rule.ruleId);
  return empty(site.switches.ruleDeletion);
};

/** Deletions of both paths, by id and by title. */
const deletions = (path: 'SmartRules' | 'QuickRules'): Endpoint[] => [
  change({
    method: 'DELETE',
    template: `${path}/{id}`,
    roles: CHANGES,
    handle: (site, { ids: [id = 0] }) => deleteRule(site, site.rules.byId(id)),
  }),
  change({
    method: 'DELETE',
    template: path,
    roles: CHANGES,
    handle: (site, { query }) => deleteRule(site, site.rules.byTitle(query.get('title') ?? '')),
  }),
];

const processRule = change({
  method: 'POST',
  template: 'SmartRules/{id}/Process',
  roles: CHANGES,
  handle: (site, { ids: [id = 0] }) => {
    const rule = site.rules.byId(id);
    if (rule === undefined) return refusal(404, 'Smart Rule not found');
    return site.rules.process(id)
      ? json(200, smartRuleRow(site, rule))
      : refusal(409, 'The Smart Rule is already being processed');
  },
});

const byTitle = { parameter: 'title', text: (row: { Title: string }) => row.Title };

/** Smart Rules and quick rules. A quick rule is in both lists. */
export const ruleEndpoints: readonly Endpoint[] = [
  collection({
    template: 'SmartRules',
    roles: READS,
    called: 'Smart Rule',
    rows: (site, { query }) => {
      const type = query.get('type')?.toLowerCase();
      const wanted = site.rules.all().filter((rule) => type === undefined || rule.type.toLowerCase() === type);
      return wanted.map((rule) => smartRuleRow(site, rule));
    },
    lookUp: byTitle,
  }),
  member({
    template: 'SmartRules/{id}',
    roles: READS,
    called: 'Smart Rule',
    row: (site, id) => {
      const rule = site.rules.byId(id);
      return rule && smartRuleRow(site, rule);
    },
  }),
  collection({
    template: 'QuickRules',
    roles: READS,
    called: 'Quick Rule',
    rows: (site) =>
      site.rules
        .all()
        .filter((rule) => rule.ids !== undefined)
        .map((rule) => quickRuleRow(site, rule)),
    lookUp: byTitle,
  }),
  member({
    template: 'QuickRules/{id}',
    roles: READS,
    called: 'Quick Rule',
    row: (site, id) => {
      const rule = quickRuleOf(site, id);
      return rule && quickRuleRow(site, rule);
    },
  }),
  createRule,
  ...memberChanges('ManagedAccounts', 'ManagedAccount'),
  ...memberChanges('ManagedSystems', 'ManagedSystem'),
  ...deletions('SmartRules'),
  ...deletions('QuickRules'),
  processRule,
];

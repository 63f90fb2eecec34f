import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { DELIVERED_KINDS } from '#shared/connections/password-safe/delivered.ts';
import type { Source } from '#shared/connections/vault.ts';
import { aCheckoutRule } from '#test/support/configs.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const NAME = 'tickets/{checkoutId}/{systemName}/{accountName}';
const SYNCS = { 11: '', 12: '', 13: '', 14: '', 15: '', 16: '', 17: '' };

const NOT_ALONE =
  'lets two checkouts share a name, because {checkoutId} is not a whole path segment; put it between two slashes, such as checkouts/{checkoutId}/';

interface Rule {
  readonly called?: string;
  readonly connection?: string;
  readonly store?: string;
  readonly name?: string;
  readonly more?: string;
}

/** YAML lines of a rule, to be appended. */
const ruleText = ({
  called = 'tickets',
  connection = 'vault',
  store = 'aws',
  name = NAME,
  more = '',
}: Rule = {}): string =>
  [`  ${called}:`, `    connection: ${connection}`, `    stores: [${store}]`, `    name: ${name}`, more]
    .filter((line) => line !== '')
    .join('\n');

/** The configuration of the sync `fleet`, with rules behind it that begin in line 18. */
const withRules = (rules: readonly Rule[], replacements: Readonly<Record<number, string>> = {}): string =>
  `${configWith(replacements)}\ncheckouts:\n${rules.map(ruleText).join('\n')}`;

const problemsWith = (...rules: Rule[]): string[] =>
  problemsOf(withRules(rules)).map((problem) => problem.replace(/^relay\.yaml:\d+:\d+ /, ''));

describe('a rule for checkouts', () => {
  it('can exist beside a sync, or alone', () => {
    expect(problemsWith({})).toEqual([]);
    expect(problemsOf(withRules([{}], SYNCS))).toEqual([]);
  });

  it('is required if there is no sync', () => {
    expect(problemsOf(`${configWith(SYNCS)}\ncheckouts: {}`)).toEqual([
      'relay.yaml:1:1 syncs: is missing or empty; write at least one sync, or one entry under checkouts, rotations, oldCheckouts, exports, provisioning or directories',
    ]);
  });

  it('counts as a use of its connection and store', () => {
    const spare = '    type: aws-secrets-manager\n  spare:\n    type: aws-secrets-manager';
    expect(problemsOf(withRules([{ store: 'spare' }], { 10: spare }))).toEqual([]);
  });

  it.each([
    [
      'a connection that does not exist',
      { connection: 'valt' },
      'checkouts.tickets.connection: there is no connection "valt"; did you mean "vault"?',
    ],
    [
      'a store that does not exist',
      { store: 'azure' },
      'checkouts.tickets.stores[0]: there is no store "azure"; use "aws"',
    ],
    ['the name of a sync', { called: 'fleet' }, 'checkouts.fleet: has the same name as a sync; rename it'],
    [
      'names that two checkouts could share, because each retires what it delivered',
      { name: 'tickets/{systemName}/{accountName}' },
      'checkouts.tickets.name: gives two checkouts of an item the same name; add {checkoutId}',
    ],
    [
      'names that two checkouts share, such as CHG1 with db-01 and CHG1-db with 01',
      { name: 'tickets/{checkoutId}-{systemName}/{accountName}' },
      `checkouts.tickets.name: ${NOT_ALONE}`,
    ],
    [
      'an id with text beside it, even for a single system',
      { name: 'tickets/id-{checkoutId}{systemId}/{accountName}' },
      `checkouts.tickets.name: ${NOT_ALONE}`,
    ],
    [
      'names without a folder',
      { name: "'{checkoutId}/{systemName}/{accountName}'" },
      'checkouts.tickets.name: does not begin with a folder; put text and a slash before the first placeholder, such as prod/',
    ],
    [
      'a name that contains the credential',
      { name: `${NAME}/{credential}` },
      'checkouts.tickets.name: must not contain {credential}, because names are listed and logged; use it only in value',
    ],
    [
      'a folder inside that of a sync',
      { name: `fleet/${NAME}` },
      'checkouts.tickets.name: begins with "fleet/tickets/" while sync "fleet" begins with "fleet/", so each could overwrite secrets of the other; use folders that do not contain each other',
    ],
    [
      'the folder of the tokens',
      { name: `pam-relay/pam-relay/token/${NAME}` },
      `checkouts.tickets.name: begins with "pam-relay/pam-relay/token/tickets/" and could overwrite the relay's tokens in pam-relay/pam-relay/token/; use another folder`,
    ],
    [
      'the folder of a bootstrap secret',
      { name: `bootstrap/{checkoutId}/{systemName}/{accountName}` },
      'checkouts.tickets.name: begins with "bootstrap/" and could overwrite the bootstrap secret bootstrap/vault; use another folder',
    ],
    [
      'a value without the credential',
      { more: "    value: '{accountName}'" },
      'checkouts.tickets.value: delivers no credential; use {credential} in it',
    ],
    [
      'a passphrase of an item that has none',
      { more: "    value: '{credential}{passphrase}'" },
      'checkouts.tickets.value: contains {passphrase}, which only a key has; remove it',
    ],
  ] satisfies [string, Rule, string][])('is refused for %s', (_what, rule, problem) => {
    expect(problemsWith(rule)).toEqual([problem]);
  });

  it('has the id at an unambiguous place, never between two labels that contain folders', () => {
    const vault = REGISTERED_TYPES.connections['password-safe'];
    const accounts = vault?.sources['accounts'];
    if (vault === undefined || accounts === undefined) throw new Error('Password Safe has no source accounts.');
    const labels = { ...accounts.rules({ source: 'accounts' }).labels, domainName: { path: true } } as const;
    const source = { ...accounts, rules: (rule: Source) => ({ ...accounts.rules(rule), labels }) };
    const connections = { 'password-safe': { ...vault, sources: { accounts: source } } };
    const problemsNamed = (name: string): string[] =>
      problemsOf(withRules([{ name }]), undefined, { ...REGISTERED_TYPES, connections });
    expect(problemsNamed('tickets/{domainName}/{checkoutId}/{systemName}/{accountName}')).toEqual([]);
    expect(problemsNamed('tickets/{domainName}/{checkoutId}/{domainName}/{systemName}/{accountName}')).toEqual([
      `relay.yaml:22:11 checkouts.tickets.name: ${NOT_ALONE}`,
    ]);
  });

  it('has another folder than every other rule', () => {
    expect(problemsWith({}, { called: 'emergencies' })).toEqual([
      'checkouts.emergencies.name: begins with "tickets/" while checkout "tickets" begins with "tickets/", so each could overwrite secrets of the other; use folders that do not contain each other',
    ]);
    expect(problemsWith({}, { called: 'emergencies', name: `emergencies/${NAME}` })).toEqual([]);
  });

  it('alone has an id: names of a sync cannot contain one', () => {
    expect(problemsOf(configWith({ 15: '    name: fleet/{checkoutId}/{systemName}/{accountName}' }))).toEqual([
      'relay.yaml:15:11 syncs.fleet.name: contains {checkoutId}, which only a checkout has; remove it',
    ]);
  });

  it.each([
    ['a value may contain the id', { more: "    value: '{checkoutId} {credential}'" }],
    ['a key has a passphrase', { more: "    delivers: dsskey\n    value: '{credential}{passphrase}'" }],
    ['ids of systems and accounts distinguish items as well', { name: 'tickets/{systemId}-{accountId}/{checkoutId}' }],
    [
      'an id that is alone in one place may be repeated beside other text',
      { name: 'tickets/{checkoutId}/{systemName}/{accountName}-{checkoutId}' },
    ],
  ] satisfies [string, Rule][])('is valid: %s', (_what, rule) => expect(problemsWith(rule)).toEqual([]));

  it('delivers passwords by request, and has them changed and retired by default', () => {
    expect(aCheckoutRule()).toMatchObject({
      delivers: 'password',
      access: 'request',
      rotateOnCheckIn: true,
      retire: 'destroy',
      select: { systems: [], accounts: [], domains: [] },
    });
  });

  it('may last so long that, with the longest lead time, it fits within the year of an execution, and no longer', () => {
    const longest = { maxMinutes: 259_200, extensionMinutes: 86_400, approvalHours: 1440, confirmMinutes: 1440 };
    const DAY_MINUTES = 1440;
    const lead = 60 * DAY_MINUTES;
    const { maxMinutes, extensionMinutes, approvalHours, confirmMinutes } = aCheckoutRule(longest);
    const minutes = lead + maxMinutes + extensionMinutes + approvalHours * 60 + confirmMinutes;
    expect(minutes).toBeLessThan(365 * DAY_MINUTES);
    for (const [field, most] of Object.entries(longest))
      expect(() => aCheckoutRule({ [field]: most + 1 }), field).toThrow(z.ZodError);
  });

  it.each(DELIVERED_KINDS)('can deliver %s', (delivers) => {
    expect(aCheckoutRule({ delivers })).toMatchObject({ delivers });
  });
});

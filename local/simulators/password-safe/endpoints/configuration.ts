import { withOddFields } from '../paging.ts';
import type { Endpoint, Site } from '../site.ts';
import type { Role } from '../users.ts';
import { collection, member } from './collections.ts';

const READS_FUNCTIONAL_ACCOUNTS: readonly Role[] = ['account-management', 'configuration-management'];

/** Id 0 is the default rule, and valid. */
const DEFAULT_RULE_ID = 0;

const passwordRule = (site: Site) =>
  withOddFields(site.switches, 'password rule 0', {
    PasswordRuleID: DEFAULT_RULE_ID,
    Name: 'Default Password Policy',
    Description: 'Default Password Policy',
    MinimumLength: 12,
    MaximumLength: 32,
    FirstCharacterRequirement: 'Alphanumeric',
    LowercaseRequirement: 'Require',
    UppercaseRequirement: 'Require',
    NumericRequirement: 'Require',
    SymbolRequirement: 'Require',
    ValidLowercaseCharacters: 'abcdefghijklmnopqrstuvwxyz',
    ValidUppercaseCharacters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    ValidSymbols: '!#$%*+-=?@',
    EnabledProducts: ['PasswordSafe'],
  });

const keyRule = (site: Site) =>
  withOddFields(site.switches, 'key rule 0', {
    DSSKeyRuleID: DEFAULT_RULE_ID,
    Name: 'Default DSS Key Policy',
    Description: 'Default DSS Key Policy',
    KeyType: 'RSA',
    KeySize: 2048,
    EncryptionType: 'Auto Managed Passphrase',
    PasswordRuleID: DEFAULT_RULE_ID,
  });

/** The account with which the vault signs in to every managed system. Never contains its credential. */
const functionalAccount = (site: Site) =>
  withOddFields(site.switches, 'functional account 1', {
    FunctionalAccountID: 1,
    PlatformID: 2,
    DomainName: null,
    AccountName: 'svc-password-safe',
    DisplayName: 'svc-password-safe',
    Description: '',
    ElevationCommand: 'sudo',
    SystemReferenceCount: site.systems.all().length,
    TenantID: null,
    ObjectID: null,
    AzureInstance: null,
  });

/** A list of one object, and that object by its id. */
const single = (
  path: string,
  spec: { readonly roles: readonly Role[]; readonly called: string; readonly id: number },
  row: (site: Site) => object,
): Endpoint[] => [
  collection({ template: path, ...spec, rows: (site) => [row(site)] }),
  member({ template: `${path}/{id}`, ...spec, row: (site, id) => (id === spec.id ? row(site) : undefined) }),
];

/** Reads of the rules and functional accounts to which systems and accounts refer. */
export const configurationEndpoints: readonly Endpoint[] = [
  ...single('PasswordRules', { roles: [], called: 'Password Rule', id: DEFAULT_RULE_ID }, passwordRule),
  ...single('DSSKeyRules', { roles: [], called: 'DSS Key Rule', id: DEFAULT_RULE_ID }, keyRule),
  ...single(
    'FunctionalAccounts',
    { roles: READS_FUNCTIONAL_ACCOUNTS, called: 'Functional Account', id: 1 },
    functionalAccount,
  ),
];

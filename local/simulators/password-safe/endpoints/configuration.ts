import { withOddFields } from '../paging.ts';
import type { Endpoint, Site } from '../site.ts';
import type { Role } from '../users.ts';
import { collection, member } from './collections.ts';

/** Id 0 is the default rule, and valid. */
const DEFAULT_RULE_ID = 0;

const passwordRule = (site: Site) =>
  withOddFields(site.switches, 'password rule 0', {
    PasswordRuleID: DEFAULT_RULE_ID,
    Name: 'Default Password Policy',
    Description: 'Default Password Policy',
    MinimumLength: 12,
    MaximumLength: 64,
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

/** A list of one object, and that object by its id. */
const single = (
  path: string,
  spec: { readonly roles: readonly Role[]; readonly called: string; readonly id: number },
  row: (site: Site) => object,
): Endpoint[] => [
  collection({ template: path, ...spec, rows: (site) => [row(site)] }),
  member({ template: `${path}/{id}`, ...spec, row: (site, id) => (id === spec.id ? row(site) : undefined) }),
];

/** Reads of the rules to which systems and accounts refer. */
export const configurationEndpoints: readonly Endpoint[] = [
  collection({
    template: 'OperatingSystems',
    roles: ['asset-management'],
    called: 'Operating System',
    rows: () => ['Linux', 'Windows'].map((name, index) => ({ OperatingSystemID: index + 1, Name: name })),
  }),
  ...single('PasswordRules', { roles: [], called: 'Password Rule', id: DEFAULT_RULE_ID }, passwordRule),
  ...single('DSSKeyRules', { roles: [], called: 'DSS Key Rule', id: DEFAULT_RULE_ID }, keyRule),
];

/** A call of the relay, with the documented call that it matches or the reason why it is not documented. */
export interface ComparedCall {
  readonly ours: string;
  readonly documented?: string;
  readonly why?: string;
}

export interface Comparison {
  readonly rows: readonly ComparedCall[];
  /** One sentence for each difference without a reason. */
  readonly broken: readonly string[];
}

/** Reasons for calls that are not documented, or are made more often than documented. */
const REASONS: Readonly<Record<string, string>> = {
  'POST Auth/Connect/Token': 'OAuth requires a token; all steps share it',
  'POST Auth/SignAppIn': 'each step has its own session',
  'POST Auth/Signout': 'each step ends its session',
  'GET ManagedAccounts': 'checks whether the vault is changing the password or has changed it',
  'GET Requests': 'finds its own requests by the marker in their reason',
  'POST AccessPolicies/Test': 'checks what the policy grants before requesting it',
  'GET Sessions': 'finds its sessions that are still running',
  'POST Sessions/{id}/Terminate': 'ends the session with the window',
  'GET Workgroups': 'finds the workgroup by its name',
  'GET Platforms': 'finds the platform by its name',
  'GET FunctionalAccounts': 'finds the functional account by its name',
  'GET PasswordRules': 'generates the first password by the rule',
  'GET Roles': 'finds the role by its name',
  'GET AccessPolicies': 'finds the access policy by its name',
  'GET AccessPolicies/{id}/Assignees': 'reads the policy of the role, which only the policy shows',
  'GET Workgroups/{id}/Assets': 'looks for the asset before it makes one',
  'GET Assets/{id}/ManagedSystems': 'looks for the system before it makes one',
  'GET ManagedSystems/{id}/ManagedAccounts': 'looks for the account before it makes one',
  'GET QuickRules': 'looks for the rule before it makes one',
  'GET QuickRules/{id}/ManagedAccounts': 'reads the accounts of the rule',
  'GET UserGroups': 'looks for the group before it makes one',
  'GET UserGroups/{id}/SmartRules': 'looks for the access of the group before it sets it',
  'GET UserGroups/{id}/SmartRules/{id}/Roles': 'looks for the roles of the group before it sets them',
  'POST UserGroups/{id}/SmartRules/{id}/AccessLevels':
    'sets the access level, without which the vault refuses the role',
  'POST ManagedAccounts/{id}/Credentials/Test': 'proves that the vault can log on with the account',
};

/**
 * Compares the relay's calls with the documented ones. They match if the relay makes all documented calls in the same
 * order, and every other call has a reason.
 */
export const compare = (
  documented: readonly string[],
  ours: readonly string[],
  reasons: Readonly<Record<string, string>> = {},
): Comparison => {
  const known = { ...REASONS, ...reasons };
  const left = [...documented];
  const rows = ours.map((call): ComparedCall => {
    const [next] = left;
    if (next !== undefined && isSame(next, call)) {
      left.shift();
      return { ours: call, documented: next };
    }
    const why = Object.hasOwn(known, call) ? known[call] : undefined;
    return { ours: call, ...(why !== undefined && { why }) };
  });
  return {
    rows,
    broken: [
      ...left.map((call) => `The documented call ${call} is missing or out of order.`),
      ...rows
        .filter((row) => row.documented === undefined && row.why === undefined)
        .map((row) => `The call ${row.ours} is not documented and has no reason in comparison.ts.`),
    ],
  };
};

/** Compares two calls. The vault ignores case, and the names of ids in templates differ. */
const isSame = (documented: string, ours: string): boolean =>
  documented
    .replace('<base>/', '')
    .replace(/\?.*/, '')
    .replaceAll(/\{\w+\}/g, '{id}')
    .toLowerCase() === ours.toLowerCase();

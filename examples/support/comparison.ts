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
};

/**
 * Compares the relay's calls with the documented ones. They match if the relay makes all documented calls in the same
 * order, and every other call has a reason.
 */
export const compare = (documented: readonly string[], ours: readonly string[]): Comparison => {
  const left = [...documented];
  const rows = ours.map((call): ComparedCall => {
    const [next] = left;
    if (next !== undefined && isSame(next, call)) {
      left.shift();
      return { ours: call, documented: next };
    }
    const why = REASONS[call];
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

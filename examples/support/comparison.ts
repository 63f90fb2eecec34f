/** A call of ours, and the documented one that it is; or why it is there without being documented. */
export interface ComparedCall {
  readonly ours: string;
  readonly documented?: string;
  readonly why?: string;
}

export interface Comparison {
  readonly rows: readonly ComparedCall[];
  /** A sentence for whatever makes the two differ without a reason. */
  readonly broken: readonly string[];
}

/** Why the relay makes calls that no documented case has, or makes them more often. */
const REASONS: Readonly<Record<string, string>> = {
  'POST Auth/Connect/Token': 'OAuth asks for a token first; all steps share it',
  'POST Auth/SignAppIn': 'each step has a session of its own',
  'POST Auth/Signout': 'which it always ends',
  'GET ManagedAccounts': 'looks whether the vault is changing the password, or has',
  'GET Requests': 'finds its own requests, by the marker in their reason',
  'POST AccessPolicies/Test': 'asks what would be granted, before it asks for it',
  'GET Sessions': 'looks which of its sessions go on',
  'POST Sessions/{id}/Terminate': 'ends the session together with the window',
};

/**
 * Lays our calls beside the documented ones. They agree when ours hold all of those in the same order, and whatever else
 * they hold has a reason.
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
      ...left.map((call) => `The documented call ${call} is not made, or not in its place.`),
      ...rows
        .filter((row) => row.documented === undefined && row.why === undefined)
        .map((row) => `The call ${row.ours} is not documented, and nobody has said why it is made.`),
    ],
  };
};

/** The vault does not look at upper and lower case, nor a template at what stands for an id. */
const isSame = (documented: string, ours: string): boolean =>
  documented
    .replace('<base>/', '')
    .replace(/\?.*/, '')
    .replaceAll(/\{\w+\}/g, '{id}')
    .toLowerCase() === ours.toLowerCase();

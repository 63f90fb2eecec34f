/** Properties of a server that differ between installations or over time. Each can be changed at any time. */
export interface Switches {
  /** HashiCorp Vault instead of OpenBao: no `detailed-metadata`, no `SCAN`, and strings of at most 1 MiB. */
  vault: boolean;
  /** A sealed server refuses everything. */
  sealed: boolean;
  /**
   * A `standby` redirects calls to the active server, or fails if it knows none. A `performance-standby` (HashiCorp
   * Vault Enterprise) answers calls itself. Both say so in their health.
   */
  node: 'active' | 'standby' | 'performance-standby';
  /** URL of the active server, for the redirects of a standby. */
  activeUrl: string | undefined;
}

export const DEFAULT_SWITCHES: Switches = { vault: false, sealed: false, node: 'active', activeUrl: undefined };

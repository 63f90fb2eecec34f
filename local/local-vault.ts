/** An account of a simulated vault. */
export interface LocalAccount {
  /** Kind of account in the simulator's fleet. */
  readonly kind: string;
  readonly accountId: number;
  readonly accountName: string;
  /** Host in the delivered value. */
  readonly systemName: string;
  /** Current credential. */
  readonly credential: string;
  /** Part of each credential that no other text contains. */
  readonly canary: string;
}

/** A simulated vault, as the main job sees it. */
export interface LocalVault {
  readonly url: string;
  /** PEM text of the CA of its certificate. */
  readonly caPem: string;
  /** All calls so far. */
  readonly audit: readonly { readonly kind: string }[];
  accounts(): readonly LocalAccount[];
  /** Leases of the relay that are open. */
  openRequests(): readonly unknown[];
  /** Signed-in sessions. */
  openSessions(): readonly unknown[];
  /** Changes the credential of an account behind the relay's back. */
  changeCredential(accountId: number): void;
  close(): Promise<void>;
}

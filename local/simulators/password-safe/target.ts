/** Behaviour of the system of an account, as a test sets it. */
export interface TargetBehaviour {
  /** False: neither changes nor tests reach it. */
  readonly isReachable: boolean;
  /** Effect of a change that the site reports as successful. `late` and `twice` take effect again after `lateMs`. */
  readonly changes: 'once' | 'never' | 'late' | 'twice';
  readonly lateMs: number;
  /** False: it refuses the credential of the vault, for example after a person changed it there. */
  readonly acceptsCredential: boolean;
  /** Number of failed log-ons in a row after which it locks the account. Null: never. */
  readonly locksAfter: number | null;
}

const WORKING: TargetBehaviour = {
  isReachable: true,
  changes: 'once',
  lateMs: 600_000,
  acceptsCredential: true,
  locksAfter: null,
};

/** An account on its system. Counts the log-ons of the vault's tests. */
export class Target {
  #behaviour = WORKING;
  #logOns = 0;
  #failedInARow = 0;
  #isLocked = false;

  get behaviour(): TargetBehaviour {
    return this.#behaviour;
  }

  /** Settings that are left out stay as they are. */
  behave(behaviour: Partial<TargetBehaviour>): void {
    this.#behaviour = { ...this.#behaviour, ...behaviour };
  }

  get logOns(): number {
    return this.#logOns;
  }

  get isLocked(): boolean {
    return this.#isLocked;
  }

  /** Returns true if the target accepts the vault's credential. A locked account accepts none. */
  logOn(): boolean {
    const { acceptsCredential, locksAfter } = this.#behaviour;
    this.#logOns += 1;
    const isAccepted = acceptsCredential && !this.#isLocked;
    this.#failedInARow = isAccepted ? 0 : this.#failedInARow + 1;
    if (locksAfter !== null && this.#failedInARow >= locksAfter) this.#isLocked = true;
    return isAccepted;
  }
}

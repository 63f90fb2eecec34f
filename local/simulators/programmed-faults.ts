/** Number of the affected calls of a fault, counted since it was added. */
export interface Occurrence {
  /** First affected call, counted from 1. Default 1. */
  readonly nth?: number;
  /** Number of consecutive affected calls. Default 1. `Infinity` is allowed. */
  readonly times?: number;
}

/** The faults of a test. At most one affects a call: the one that was added first. */
export class ProgrammedFaults<Fault extends Occurrence, Site> {
  readonly #isMatch: (fault: Fault, site: Site) => boolean;
  #programmed: { readonly fault: Fault; seen: number }[] = [];

  constructor(isMatch: (fault: Fault, site: Site) => boolean) {
    this.#isMatch = isMatch;
  }

  add(...faults: readonly Fault[]): void {
    this.#programmed.push(...faults.map((fault) => ({ fault, seen: 0 })));
  }

  clear(): void {
    this.#programmed = [];
  }

  /** Returns the fault of this call, if any. Every matching fault counts the call. */
  take(site: Site): Fault | undefined {
    let taken: Fault | undefined;
    for (const programmed of this.#programmed) {
      const { fault } = programmed;
      if (!this.#isMatch(fault, site)) continue;
      programmed.seen += 1;
      const { nth = 1, times = 1 } = fault;
      if (programmed.seen >= nth && programmed.seen < nth + times) taken ??= fault;
    }
    return taken;
  }
}

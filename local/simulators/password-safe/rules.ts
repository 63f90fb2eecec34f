import type { AccountState } from './account-state.ts';
import type { Switches } from './switches.ts';

export type RuleType = 'ManagedAccount' | 'ManagedSystem';

/** A Smart Rule. A quick rule lists its members; the rule of the site selects all accounts when it is processed. */
export interface Rule {
  readonly ruleId: number;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly type: RuleType;
  /** Ids of accounts or systems. Undefined for the rule that selects all accounts. */
  readonly ids: ReadonlySet<number> | undefined;
}

/** The rule of the site, which no caller can delete. */
export const ALL_ACCOUNTS_RULE_ID = 1;

const ALL_ACCOUNTS: Rule = {
  ruleId: ALL_ACCOUNTS_RULE_ID,
  title: 'All Managed Accounts',
  description: 'All Managed Accounts',
  category: 'Managed Accounts',
  type: 'ManagedAccount',
  ids: undefined,
};

export class Rules {
  readonly #now: () => number;
  readonly #switches: Switches;
  readonly #startedAt: number;
  readonly #byId = new Map<number, Rule>([[ALL_ACCOUNTS_RULE_ID, ALL_ACCOUNTS]]);
  readonly #runs = new Map<number, { readonly startedAt: number; readonly endsAt: number }[]>();
  #lastId = ALL_ACCOUNTS_RULE_ID;

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
    this.#startedAt = now();
  }

  all(): readonly Rule[] {
    return [...this.#byId.values()];
  }

  byId(ruleId: number): Rule | undefined {
    return this.#byId.get(ruleId);
  }

  byTitle(title: string): Rule | undefined {
    return this.all().find((rule) => rule.title.toLowerCase() === title.toLowerCase());
  }

  add(rule: Omit<Rule, 'ruleId'>): Rule {
    this.#lastId += 1;
    const added = { ...rule, ruleId: this.#lastId };
    this.#byId.set(added.ruleId, added);
    return added;
  }

  replace(rule: Rule): void {
    this.#byId.set(rule.ruleId, rule);
  }

  remove(ruleId: number): void {
    this.#byId.delete(ruleId);
  }

  /** Removes a deleted account or system from the rules of its type. */
  forget(type: RuleType, id: number): void {
    for (const rule of this.all()) {
      if (rule.type !== type || !rule.ids?.has(id)) continue;
      this.replace({ ...rule, ids: new Set([...rule.ids].filter((other) => other !== id)) });
    }
  }

  /** Starts to process a rule. Returns false while it is still being processed. */
  process(ruleId: number): boolean {
    const runs = this.#runs.get(ruleId) ?? [];
    const startedAt = this.#now();
    if (runs.some(({ endsAt }) => endsAt > startedAt)) return false;
    this.#runs.set(ruleId, [...runs, { startedAt, endsAt: startedAt + this.#switches.ruleProcessingMs }]);
    return true;
  }

  /** Start of the last run, by a call or on schedule. The first one was at the start of the site. */
  lastProcessedAt(ruleId: number): number {
    const now = this.#now();
    const { ruleIntervalMs } = this.#switches;
    if (ruleIntervalMs === 0) return now;
    const scheduled = this.#startedAt + Math.floor((now - this.#startedAt) / ruleIntervalMs) * ruleIntervalMs;
    return Math.max(scheduled, this.#lastCalledAt(ruleId));
  }

  /** Start of the last run that a call started and that has ended. */
  #lastCalledAt(ruleId: number): number {
    const ended = (this.#runs.get(ruleId) ?? []).filter(({ endsAt }) => endsAt <= this.#now());
    return Math.max(Number.NEGATIVE_INFINITY, ...ended.map(({ startedAt }) => startedAt));
  }

  covers({ ruleId, ids, type }: Rule, { row, createdAt }: AccountState): boolean {
    if (ids !== undefined) return ids.has(type === 'ManagedAccount' ? row.accountId : row.systemId);
    if (createdAt === null) return true;
    const lastProcessedAt = this.lastProcessedAt(ruleId);
    // An account that appears in the first moment was not there when the site started.
    const isFirstRun = lastProcessedAt === this.#startedAt && this.#lastCalledAt(ruleId) < lastProcessedAt;
    const hasRun = !isFirstRun || this.#switches.ruleIntervalMs === 0;
    return hasRun && createdAt <= lastProcessedAt;
  }
}

import type { Rejected } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import type { Backoff, Memory } from '#shared/domain/memory.ts';
import type { BatchItem, Target } from '#shared/domain/plan/batch.ts';
import { type Decision, decide, type PlanRules } from '#shared/domain/plan/decide.ts';
import type { Action, Decided, Ledger } from '#shared/domain/plan/ledger.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { Rendering } from '#shared/domain/rendering.ts';
import { type Stamp, stampOf } from '#shared/domain/stamp.ts';
import { asRelayError, type ErrorName } from '#shared/errors.ts';

/** The store that a plan compares with: its name, the names of its secrets, and the relay's secrets in its list. */
interface ComparedStore {
  readonly store: string;
  readonly nameOf: (item: Item) => string;
  /** Stamp of each secret, by name; undefined for a secret without a stamp. */
  readonly held: ReadonlyMap<string, Stamp | undefined>;
}

export interface ComparisonOptions {
  readonly connection: string;
  readonly target: ComparedStore;
  readonly rendering: Pick<Rendering, 'fingerprint'>;
  readonly memory: Memory;
  readonly rules: PlanRules;
  /** Placeholder to add to a name template that gives two items the same name. */
  readonly distinguishingPlaceholder: string;
  /** Takes note of each decision. */
  readonly ledger: Ledger;
}

/**
 * First item with a name: its title, the decision about it and its position in the ledger, and the number of its batch
 * if it is delivered.
 */
interface NameUse {
  readonly title: string;
  readonly kind: Decision['kind'];
  readonly position: number;
  readonly batch: number;
}

/** Removes items from a batch. */
export type Withdraw = (batch: number, isWithdrawn: (item: BatchItem) => boolean) => Promise<void>;

/** Result of a comparison for the report: the items that need no batch, and the reasons. */
export interface ComparisonSummary {
  readonly items: number;
  readonly unchanged: number;
  readonly remarks: readonly Remark[];
  readonly backoffs: Readonly<Record<string, Backoff>>;
  /** Number of items whose date of change cannot be read. */
  readonly unreadableDates: number;
}

/**
 * Compares the vault's list with a store's secrets in one pass. It keeps in memory a name and a stamp for each secret
 * and a name for each item. The names are needed to prove that no two items share one.
 */
export const createComparison = ({
  connection,
  target: { store, nameOf, held },
  rendering,
  memory,
  rules,
  distinguishingPlaceholder,
  ledger,
}: ComparisonOptions) => {
  const uses = new Map<string, NameUse>();
  const collisions = new Map<string, string[]>();
  const remarks: Remark[] = [];
  const backoffs: Record<string, Backoff> = {};
  let items = 0;
  let unchanged = 0;
  let unreadableDates = 0;

  const remark = (item: string, outcome: Remark['outcome'], message: string, error?: ErrorName): void => {
    remarks.push({ item, outcome, message, ...(error === undefined ? {} : { error }) });
  };

  const refuse = (
    subject: string,
    reason: string,
    error: ErrorName,
    about: Pick<Decided, 'facts' | 'item' | 'secret'>,
  ) => ledger.add({ action: 'refuse', subject, reason, error, dependsOnMemory: false, ...about });

  const settle = ({ ref, title }: Item, decision: Exclude<Decision, { kind: 'deliver' }>): void => {
    if (decision.kind === 'unchanged') unchanged += 1;
    else if (decision.kind === 'changing') remark(title, 'changing', CHANGING);
    else {
      if (decision.newly) backoffs[itemKey(ref)] = decision.backoff;
      remark(title, 'parked', explainPark(decision.backoff), decision.backoff.failure?.name);
    }
  };

  /** Describes a decision for the ledger. `stamp` is the item's own, without a revision. */
  const entryFor = (item: Item, name: string, stamp: Stamp, decision: Decision): Decided => {
    const entry = { subject: item.title, item, secret: name };
    const facts = [itemKey(item.ref), name];
    switch (decision.kind) {
      case 'deliver': {
        const delivered = [...facts, decision.stamp, expectedOf(name)];
        const action = actionOf(decision.stamp === stamp, held.has(name));
        return { ...entry, action, facts: delivered, dependsOnMemory: !rules.retryParked };
      }
      case 'unchanged':
        return { ...entry, action: 'unchanged', facts, dependsOnMemory: false };
      case 'changing':
        return { ...entry, action: 'changing', reason: CHANGING, facts, dependsOnMemory: false };
      case 'parked': {
        const { reason, failure } = decision.backoff;
        return {
          ...entry,
          action: 'parked',
          reason: explainPark(decision.backoff),
          error: failure?.name,
          facts: [...facts, reason],
          dependsOnMemory: true,
        };
      }
    }
  };

  const expectedOf = (name: string): Target['expected'] => {
    const stamp = held.get(name);
    if (stamp !== undefined) return { stamp };
    return held.has(name) ? 'unstamped' : 'absent';
  };

  /** Returns the batch item; undefined for an item that needs no batch, whose reason goes into the summary. */
  const compare = (item: Item, nextBatch: number): BatchItem | undefined => {
    items += 1;
    if (item.hasUnreadableDate === true) unreadableDates += 1;
    let name: string;
    try {
      name = nameOf(item);
    } catch (thrown) {
      const { name: error, message } = asRelayError(thrown, `Naming ${item.title}`);
      remark(item.title, 'failed', message, error);
      refuse(item.title, message, error, { item, facts: [itemKey(item.ref), error] });
      return undefined;
    }
    const use = uses.get(name);
    if (use !== undefined) {
      collisions.set(name, [...(collisions.get(name) ?? [use.title]), item.title]);
      return undefined;
    }
    const stamp = stampOf(connection, item, rendering.fingerprint(item));
    const decision = decide({ item, stamp, held: held.get(name) }, memory, rules);
    const position = ledger.add(entryFor(item, name, stamp, decision));
    uses.set(name, { title: item.title, kind: decision.kind, position, batch: nextBatch });
    if (decision.kind !== 'deliver') {
      settle(item, decision);
      return undefined;
    }
    return { item, targets: [{ store, name, stamp: decision.stamp, expected: expectedOf(name) }] };
  };

  return {
    compare,

    /** Counts a row of the vault's list that cannot be read and therefore not compared. */
    reject({ title, message }: Rejected): void {
      items += 1;
      remark(title, 'failed', message, 'AnswerMalformed');
      refuse(title, message, 'AnswerMalformed', { facts: [title] });
    },

    /** Withdraws all items that share a name: it would be unclear whose credential the secret holds. */
    async withdrawCollisions(withdraw: Withdraw): Promise<void> {
      for (const [name, sharers] of collisions) {
        const first = uses.get(name);
        if (first?.kind === 'deliver')
          await withdraw(first.batch, ({ targets }) => targets.some((one) => one.name === name));
        if (first?.kind === 'unchanged') unchanged -= 1;
        if (first !== undefined) ledger.withdraw(first.position);
        const message = `${sharers.join(' and ')} would share the secret ${name}. Add a placeholder that distinguishes them to the sync's name template, for example ${distinguishingPlaceholder}. The page docs/names-and-templates.md shows how names are made.`;
        const hasRemark = first?.kind === 'changing' || first?.kind === 'parked';
        for (const sharer of hasRemark ? sharers.slice(1) : sharers) remark(sharer, 'failed', message, 'NameCollision');
        for (const sharer of sharers) {
          refuse(sharer, message, 'NameCollision', { secret: name, facts: [sharer, name] });
        }
      }
    },

    /** Secrets of the relay whose name belongs to no item. */
    orphans: (): { store: string; name: string }[] =>
      [...held.keys()].filter((name) => !uses.has(name)).map((name) => ({ store, name })),

    /** True if an item has this name. */
    isUsed: (name: string): boolean => uses.has(name),

    summary: (): ComparisonSummary => ({ items, unchanged, remarks, backoffs, unreadableDates }),
  };
};

const CHANGING = 'The vault is changing the credential; the next run reads the new one.';

/** Only the verification of a current secret delivers a revision of its stamp. */
const actionOf = (isUnrevised: boolean, isHeld: boolean): Action => {
  if (!isUnrevised) return 'verify';
  return isHeld ? 'change' : 'create';
};

const explainPark = ({ reason, failure, parkedUntil }: Backoff): string => {
  const until = parkedUntil === undefined ? '' : ` Next try after ${new Date(parkedUntil).toISOString()}.`;
  switch (reason) {
    case 'rotates':
      return `The vault changes this credential after each release, so every sync makes its own copy stale. In its access policy turn on "Allow API Rotation Override", or turn off the password change after release.${until}`;
    case 'approval':
      return `A request for this account needs an approval, and a sync does not wait for one. Give the relay's user an access policy without approvers.${until}`;
    case 'failing':
      return `It failed several times in a row: ${failure?.message ?? 'see the reports of earlier runs.'}${until}`;
  }
};

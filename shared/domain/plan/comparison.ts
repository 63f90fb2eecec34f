import type { Rejected } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import type { Memory, Trouble } from '#shared/domain/memory.ts';
import type { BatchItem, Target } from '#shared/domain/plan/batch.ts';
import { type Decision, decide, type PlanRules } from '#shared/domain/plan/decide.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { Rendering } from '#shared/domain/rendering.ts';
import { type Stamp, stampOf } from '#shared/domain/stamp.ts';
import { asRelayError, type ErrorName } from '#shared/errors.ts';

/** The store that a plan compares with: its name, what its secrets are called, and what its list shows of ours. */
interface ComparedStore {
  readonly store: string;
  readonly nameOf: (item: Item) => string;
  /** The stamp of each secret, by its name; undefined for one without a stamp. */
  readonly held: ReadonlyMap<string, Stamp | undefined>;
}

export interface ComparisonOptions {
  readonly connection: string;
  readonly target: ComparedStore;
  readonly rendering: Pick<Rendering, 'fingerprint'>;
  readonly memory: Memory;
  readonly rules: PlanRules;
  /** What to add to a name template whose names meet. */
  readonly toTellApart: string;
}

/** Who uses a name: the first item that did, what was decided about it, and the batch it went into, if into any. */
interface NameUse {
  readonly title: string;
  readonly kind: Decision['kind'];
  readonly batch: number;
}

/** Takes items out of a batch that is written already. */
export type Withdraw = (batch: number, isWithdrawn: (item: BatchItem) => boolean) => Promise<void>;

/** State of a comparison for the report: what needs no batch, and why. */
export interface ComparisonSummary {
  readonly items: number;
  readonly unchanged: number;
  readonly remarks: readonly Remark[];
  readonly troubles: Readonly<Record<string, Trouble>>;
  /** How many items have a date of change that can't be read. */
  readonly unreadableDates: number;
}

/**
 * One pass over what the vault lists against a store's secrets. What stays in memory is a name and a stamp for each secret
 * and a name for each item: the names must be there for the proof that no two of them share one.
 */
export const createComparison = ({
  connection,
  target: { store, nameOf, held },
  rendering,
  memory,
  rules,
  toTellApart,
}: ComparisonOptions) => {
  const uses = new Map<string, NameUse>();
  const collisions = new Map<string, string[]>();
  const remarks: Remark[] = [];
  const troubles: Record<string, Trouble> = {};
  let items = 0;
  let unchanged = 0;
  let unreadableDates = 0;

  const remark = (item: string, outcome: Remark['outcome'], message: string, error?: ErrorName): void => {
    remarks.push({ item, outcome, message, ...(error === undefined ? {} : { error }) });
  };

  const settle = ({ ref, title }: Item, decision: Exclude<Decision, { kind: 'deliver' }>): void => {
    if (decision.kind === 'unchanged') unchanged += 1;
    else if (decision.kind === 'changing') {
      remark(title, 'changing', 'The vault is changing the credential; the next run reads the new one.');
    } else {
      if (decision.newly) troubles[itemKey(ref)] = decision.trouble;
      remark(title, 'parked', explainPark(decision.trouble), decision.trouble.failure?.name);
    }
  };

  const expectedOf = (name: string): Target['expected'] => {
    const stamp = held.get(name);
    if (stamp !== undefined) return { stamp };
    return held.has(name) ? 'unstamped' : 'absent';
  };

  /** An item that needs a batch; undefined for one that does not, of which the reason is noted. */
  const compare = (item: Item, nextBatch: number): BatchItem | undefined => {
    items += 1;
    if (item.hasUnreadableDate === true) unreadableDates += 1;
    let name: string;
    try {
      name = nameOf(item);
    } catch (thrown) {
      const { name: error, message } = asRelayError(thrown, `Naming ${item.title}`);
      remark(item.title, 'failed', message, error);
      return undefined;
    }
    const use = uses.get(name);
    if (use !== undefined) {
      collisions.set(name, [...(collisions.get(name) ?? [use.title]), item.title]);
      return undefined;
    }
    const stamp = stampOf(connection, item, rendering.fingerprint(item));
    const decision = decide({ item, stamp, held: held.get(name) }, memory, rules);
    uses.set(name, { title: item.title, kind: decision.kind, batch: nextBatch });
    if (decision.kind !== 'deliver') {
      settle(item, decision);
      return undefined;
    }
    return { item, targets: [{ store, name, stamp: decision.stamp, expected: expectedOf(name) }] };
  };

  return {
    compare,

    /** Counts what the vault lists and can't be read: whatever it is, nothing of it can be compared. */
    reject({ title, message }: Rejected): void {
      items += 1;
      remark(title, 'failed', message, 'AnswerMalformed');
    },

    /** Those that share a name are none of them delivered: nobody could tell whose credential the secret holds. */
    async withdrawCollisions(withdraw: Withdraw): Promise<void> {
      for (const [name, sharers] of collisions) {
        const first = uses.get(name);
        if (first?.kind === 'deliver')
          await withdraw(first.batch, ({ targets }) => targets.some((one) => one.name === name));
        if (first?.kind === 'unchanged') unchanged -= 1;
        const message = `${sharers.join(' and ')} would share the secret ${name}. Make the sync's name template tell them apart, for example with ${toTellApart}.`;
        const hasRemark = first?.kind === 'changing' || first?.kind === 'parked';
        for (const sharer of hasRemark ? sharers.slice(1) : sharers) remark(sharer, 'failed', message, 'NameCollision');
      }
    },

    /** Secrets of ours that no item has the name of. */
    orphans: (): { store: string; name: string }[] =>
      [...held.keys()].filter((name) => !uses.has(name)).map((name) => ({ store, name })),

    /** Whether an item has this name. */
    isUsed: (name: string): boolean => uses.has(name),

    summary: (): ComparisonSummary => ({ items, unchanged, remarks, troubles, unreadableDates }),
  };
};

const explainPark = ({ reason, failure, parkedUntil }: Trouble): string => {
  const until = parkedUntil === undefined ? '' : ` Tried again after ${new Date(parkedUntil).toISOString()}.`;
  switch (reason) {
    case 'rotates':
      return `The vault changes this credential after each release, so every sync makes its own copy stale. In its access policy turn on "Allow API Rotation Override", or turn off the password change after release.${until}`;
    case 'approval':
      return `A request for this account waits for an approval, and a sync waits for nobody. Give the relay's user an access policy without approvers.${until}`;
    case 'failing':
      return `It failed several times in a row: ${failure?.message ?? 'see the reports of earlier runs.'}${until}`;
  }
};

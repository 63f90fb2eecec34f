import { type Item, itemKey } from '#shared/domain/item.ts';
import { type Backoff, backoffKey, type Memory } from '#shared/domain/memory.ts';
import type { Target } from '#shared/domain/plan/batch.ts';
import { type Decision, decide, type PlanRules } from '#shared/domain/plan/decide.ts';
import type { Action, Decided, Ledger } from '#shared/domain/plan/ledger.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { Hold } from '#shared/domain/rotation/holds.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { asRelayError, type ErrorName, type RelayError } from '#shared/errors.ts';

/** One store that a plan compares with: its name, the names of its secrets, and the relay's secrets in its list. */
export interface ComparedStore {
  /** Name of the store in relay.yaml. */
  readonly store: string;
  readonly nameOf: (item: Item) => string;
  /** Stamp of each secret, by name; undefined for a secret without a stamp. */
  readonly held: ReadonlyMap<string, Stamp | undefined>;
  /** Names of secrets that lack something beside their value. A delivery of their own stamp adds it, without a read. */
  readonly incomplete?: ReadonlySet<string>;
  /** Errors of the names whose state is unknown. */
  readonly failures: ReadonlyMap<string, RelayError>;
}

export interface TargetComparisonOptions {
  readonly target: ComparedStore;
  readonly memory: Memory;
  readonly rules: PlanRules;
  /** Placeholder to add to a name template that gives two items the same name. */
  readonly distinguishingPlaceholder: string;
  /** Instruction that stops the vault from changing a credential after each release. */
  readonly rotationFix?: string | undefined;
  /** Takes note of each decision. */
  readonly ledger: Ledger;
  readonly remark: (remark: Remark) => void;
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

/** Removes targets from a batch. An item without targets is removed as well. */
export type Withdraw = (
  batch: number,
  isWithdrawn: (target: Pick<Target, 'store' | 'name'>) => boolean,
) => Promise<void>;

/**
 * Compares the vault's list with the secrets of one store in one pass. It keeps in memory a name and a stamp for each
 * secret and a name for each item. The names are needed to prove that no two items share one.
 */
export const createTargetComparison = ({
  target: { store, nameOf, held, incomplete, failures },
  memory,
  rules,
  distinguishingPlaceholder,
  rotationFix,
  ledger,
  remark,
}: TargetComparisonOptions) => {
  const uses = new Map<string, NameUse>();
  const collisions = new Map<string, string[]>();
  const backoffs: Record<string, Backoff> = {};
  let unchanged = 0;

  const remarkOn = (item: string, outcome: Remark['outcome'], message: string, error?: ErrorName): void =>
    remark({ item, stores: [store], outcome, message, ...(error === undefined ? {} : { error }) });

  const refuse = (
    subject: string,
    reason: string,
    error: ErrorName,
    { facts, ...about }: Pick<Decided, 'facts' | 'item' | 'secret'>,
  ): void => {
    ledger.add({
      ...{ action: 'refuse', store, subject, reason, error, dependsOnMemory: false, ...about },
      facts: [store, ...facts],
    });
  };

  const fail = (item: Item, { name, message }: RelayError, secret?: string): undefined => {
    remarkOn(item.title, 'failed', message, name);
    refuse(item.title, message, name, { item, secret, facts: [itemKey(item.ref), name] });
    return undefined;
  };

  const settle = ({ ref, title }: Item, decision: Exclude<Decision, { kind: 'deliver' }>): void => {
    if (decision.kind === 'unchanged') unchanged += 1;
    else if (decision.kind === 'changing') remarkOn(title, 'changing', explainChange(decision));
    else if (decision.kind === 'held') remarkOn(title, 'held', explainHold(decision.hold));
    else {
      if (decision.newly) backoffs[backoffKey(store, ref)] = decision.backoff;
      remarkOn(title, 'parked', explainPark(decision.backoff, rotationFix), decision.backoff.failure?.name);
    }
  };

  const expectedOf = (name: string): Target['expected'] => {
    const stamp = held.get(name);
    if (stamp !== undefined) return { stamp };
    return held.has(name) ? 'unstamped' : 'absent';
  };

  /** Describes a decision for the ledger. `stamp` is the item's own, without a revision. */
  const entryFor = (item: Item, name: string, stamp: Stamp, decision: Decision): Decided => {
    const entry = { store, subject: item.title, item, secret: name };
    const facts = [store, itemKey(item.ref), name];
    switch (decision.kind) {
      case 'deliver': {
        const delivered = [...facts, decision.stamp, expectedOf(name)];
        const action = actionOf(decision.stamp === stamp, held.has(name));
        return { ...entry, action, facts: delivered, dependsOnMemory: !rules.retryParked };
      }
      case 'unchanged':
        return { ...entry, action: 'unchanged', facts, dependsOnMemory: false };
      case 'changing':
        return { ...entry, action: 'changing', reason: explainChange(decision), facts, dependsOnMemory: false };
      case 'held': {
        const { hold } = decision;
        const held = [...facts, hold.changedAt];
        return { ...entry, action: 'held', reason: explainHold(hold), facts: held, dependsOnMemory: false };
      }
      case 'parked': {
        const { reason, failure } = decision.backoff;
        return {
          ...entry,
          action: 'parked',
          reason: explainPark(decision.backoff, rotationFix),
          error: failure?.name,
          facts: [...facts, reason],
          dependsOnMemory: true,
        };
      }
    }
  };

  const nameOrFail = (item: Item): string | undefined => {
    try {
      return nameOf(item);
    } catch (thrown) {
      return fail(item, asRelayError(thrown, `Naming ${item.title}`));
    }
  };

  return {
    /** Returns the target to deliver to; undefined if there is nothing to deliver, with the reason in a remark. */
    compare(item: Item, stamp: Stamp, nextBatch: number, hold: Hold | undefined): Target | undefined {
      const name = nameOrFail(item);
      if (name === undefined) return undefined;
      const failure = failures.get(name);
      if (failure !== undefined) return fail(item, failure, name);
      const use = uses.get(name);
      if (use !== undefined) {
        collisions.set(name, [...(collisions.get(name) ?? [use.title]), item.title]);
        return undefined;
      }
      const decided = decide({ item, store, stamp, held: held.get(name), hold }, memory, rules);
      const current = incomplete?.has(name) ? held.get(name) : undefined;
      const decision: Decision =
        decided.kind === 'unchanged' && current !== undefined ? { kind: 'deliver', stamp: current } : decided;
      const position = ledger.add(entryFor(item, name, stamp, decision));
      uses.set(name, { title: item.title, kind: decision.kind, position, batch: nextBatch });
      if (decision.kind === 'deliver') return { store, name, stamp: decision.stamp, expected: expectedOf(name) };
      settle(item, decision);
      return undefined;
    },

    /** Withdraws the targets of all items that share a name: it would be unclear whose credential the secret holds. */
    async withdrawCollisions(withdraw: Withdraw): Promise<void> {
      for (const [name, sharers] of collisions) {
        const first = uses.get(name);
        if (first?.kind === 'deliver')
          await withdraw(first.batch, (target) => target.store === store && target.name === name);
        if (first?.kind === 'unchanged') unchanged -= 1;
        if (first !== undefined) ledger.withdraw(first.position);
        const message = `${sharers.join(' and ')} would share the secret ${name}. Add a placeholder that distinguishes them to the sync's name template, for example ${distinguishingPlaceholder}. The page docs/names-and-templates.md shows how names are made.`;
        const hasRemark = first !== undefined && first.kind !== 'deliver' && first.kind !== 'unchanged';
        for (const sharer of hasRemark ? sharers.slice(1) : sharers) {
          remarkOn(sharer, 'failed', message, 'NameCollision');
        }
        for (const sharer of sharers) {
          refuse(sharer, message, 'NameCollision', { secret: name, facts: [sharer, name] });
        }
      }
    },

    /** Names of the relay's secrets that belong to no item. */
    orphans: (): string[] => [...held.keys()].filter((name) => !uses.has(name)),

    /** True if an item has this name. */
    isUsed: (name: string): boolean => uses.has(name),

    /** Number of current secrets. */
    unchanged: (): number => unchanged,

    /** Backoffs that this comparison has set. */
    backoffs: (): Readonly<Record<string, Backoff>> => backoffs,
  };
};

export type TargetComparison = ReturnType<typeof createTargetComparison>;

const explainChange = ({ rotation }: Extract<Decision, { kind: 'changing' }>): string =>
  rotation === undefined
    ? 'The vault is changing the credential; the next run reads the new one.'
    : `The rotation ${rotation} is changing the credential; the next run after its test reads the new one.`;

/** Message that tests all held items of a rotation again. */
const retest = (rotation: string): string =>
  JSON.stringify({ type: 'rotation.requested', rotation, id: 'retest-1', retest: true });

const explainHold = ({ rule, changedAt }: Extract<Hold, { kind: 'testFailed' }>): string =>
  `The credential of ${changedAt} failed the test of the rotation ${rule}, so it is not delivered. A later change ends the hold. To test it again, send ${retest(rule)}; the page docs/rotation.md shows all ways out.`;

/** Only the verification of a current secret delivers a revision of its stamp. */
const actionOf = (isUnrevised: boolean, isHeld: boolean): Action => {
  if (!isUnrevised) return 'verify';
  return isHeld ? 'change' : 'create';
};

const explainPark = (
  { reason, failure, parkedUntil }: Backoff,
  rotationFix = 'Turn off the change after release in the vault.',
): string => {
  const until = parkedUntil === undefined ? '' : ` Next try after ${new Date(parkedUntil).toISOString()}.`;
  switch (reason) {
    case 'rotates':
      return `The vault changes this credential after each release, so every sync makes its own copy stale. ${rotationFix}${until}`;
    case 'approval':
      return `A request for this account needs an approval, and a sync does not wait for one. Give the relay's user an access policy without approvers.${until}`;
    case 'failing':
      return `It failed several times in a row: ${failure?.message ?? 'see the reports of earlier runs.'}${until}`;
  }
};

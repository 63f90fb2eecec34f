import type { SyncConfig } from '#shared/config/schema.ts';
import { renderingOf } from '#shared/config/sync-rules.ts';
import { type Deliverable, deliverableKey, describeDeliverable } from '#shared/domain/deliverable.ts';
import { generationOf } from '#shared/domain/generation.ts';
import type { Memory, Trouble } from '#shared/domain/memory.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { type Decision, decide, type PlanRules } from '#shared/domain/plan.ts';
import { asRelayError, type ErrorName } from '#shared/errors.ts';
import type { BatchItem, PlanRecord, Remark } from '#shared/records/records.ts';

/** Who uses a name: the first one that did, what was decided about it, and the batch it went into, if into any. */
interface NameUse {
  readonly subject: string;
  readonly kind: Decision['kind'];
  readonly batch: number;
}

/** Takes the named items out of a batch that is written already. */
export type Withdraw = (batch: number, isWithdrawn: (item: BatchItem) => boolean) => Promise<void>;

/**
 * One pass over what the vault lists against the store's secrets. What stays in memory is a name and a version for each
 * secret and a name for each row: the names must be there for the proof that no two of them share one.
 */
export const createComparison = (
  config: SyncConfig,
  stored: ReadonlyMap<string, string | undefined>,
  memory: Memory,
  rules: PlanRules,
) => {
  const nameOf = createNaming(config.name);
  const rendering = renderingOf(config);
  const uses = new Map<string, NameUse>();
  const collisions = new Map<string, string[]>();
  const remarks: Remark[] = [];
  const troubles: Record<string, Trouble> = {};
  let subjects = 0;
  let unchanged = 0;

  const remark = (subject: string, outcome: Remark['outcome'], message: string, error?: ErrorName): void => {
    remarks.push({ account: subject, outcome, message, ...(error === undefined ? {} : { error }) });
  };

  const settle = (subject: Deliverable, decision: Exclude<Decision, { kind: 'deliver' }>): void => {
    if (decision.kind === 'unchanged') unchanged += 1;
    else if (decision.kind === 'changing') {
      remark(
        describeDeliverable(subject),
        'changing',
        'The vault is changing the credential; the next run reads the new one.',
      );
    } else {
      if (decision.newly) troubles[deliverableKey(subject)] = decision.trouble;
      remark(describeDeliverable(subject), 'parked', explainPark(decision.trouble), decision.trouble.failure?.name);
    }
  };

  /** The item of what needs a batch; otherwise what became of it is noted. */
  const compare = (subject: Deliverable, nextBatch: number): BatchItem | undefined => {
    subjects += 1;
    let secretName: string;
    try {
      secretName = nameOf(subject);
    } catch (thrown) {
      const { name, message } = asRelayError(thrown, `Naming ${describeDeliverable(subject)}`);
      remark(describeDeliverable(subject), 'failed', message, name);
      return undefined;
    }
    const use = uses.get(secretName);
    if (use !== undefined) {
      collisions.set(secretName, [...(collisions.get(secretName) ?? [use.subject]), describeDeliverable(subject)]);
      return undefined;
    }
    const currentVersionId = stored.get(secretName);
    const generation = generationOf(config.connection, subject, rendering.fingerprint(subject));
    const decision = decide({ subject, generation, currentVersionId }, memory, rules);
    uses.set(secretName, { subject: describeDeliverable(subject), kind: decision.kind, batch: nextBatch });
    if (decision.kind !== 'deliver') {
      settle(subject, decision);
      return undefined;
    }
    return { subject, secretName, versionId: decision.versionId, replaces: currentVersionId };
  };

  return {
    compare,

    /** Those that share a name are none of them delivered: nobody could tell whose credential the secret holds. */
    async withdrawCollisions(withdraw: Withdraw): Promise<void> {
      for (const [secretName, sharers] of collisions) {
        const first = uses.get(secretName);
        if (first?.kind === 'deliver') await withdraw(first.batch, (item) => item.secretName === secretName);
        if (first?.kind === 'unchanged') unchanged -= 1;
        const message = `${sharers.join(' and ')} would share the secret ${secretName}. Make the sync's name template tell them apart, for example with ${config.source === 'secrets-safe' ? '{folderPath}' : '{domainName} or {accountId}'}.`;
        const hasRemark = first?.kind === 'changing' || first?.kind === 'parked';
        for (const sharer of hasRemark ? sharers.slice(1) : sharers) remark(sharer, 'failed', message, 'NameCollision');
      }
    },

    orphans: (): string[] => [...stored.keys()].filter((name) => !uses.has(name)),

    summary: (): Pick<PlanRecord, 'accounts' | 'unchanged' | 'remarks' | 'troubles'> => ({
      accounts: subjects,
      unchanged,
      remarks,
      troubles,
    }),
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

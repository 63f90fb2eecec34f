import { openRequestsOfOurs } from '#test/support/mortal-promises.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';

/** How many secrets one run may retire. */
export const BUDGET = 1;

/** All that has to be known about the world beside the vault and the store to say whether the relay behaves. */
export interface Model {
  /** The open requests that are not ours, by who opened them. */
  readonly others: Map<number, 'person' | 'another relay'>;
  /** Names of accounts that any selection has left out so far. */
  readonly leftOut: Set<string>;
}

const runOf = (reason: string): string | undefined => /\/([^/\]]+)\/\d+\]$/.exec(reason)?.[1];

/**
 * Watches who does what. Of processes that interrupt each other, the last to begin is who acts until it ends, so that
 * everything the vault and the store were asked for meanwhile was asked for by it.
 */
export const watch = (relay: MortalRelay, model: Model) => {
  const { simulator, manager } = relay;
  const acting: string[] = [];
  const reasons = new Map<number, string>();
  const retired = new Map<string, number>();
  const broken: string[] = [];
  let audited = 0;
  let called = 0;

  const hasEnded = (run: string | undefined): boolean =>
    relay.executions.every(({ name, isRunning }) => name !== run || !isRunning);

  /** A run gives back what it opened itself; reap, what a run that has ended opened. */
  const mayGiveBack = (actor: string | undefined, requestId: number): boolean => {
    const reason = reasons.get(requestId);
    if (reason === undefined || model.others.has(requestId)) return false;
    return actor === 'reap' ? hasEnded(runOf(reason)) : runOf(reason) === actor;
  };

  const look = (): void => {
    const actor = acting.at(-1);
    for (const { requestId, reason } of openRequestsOfOurs(relay)) reasons.set(requestId, reason);
    for (const { kind, status, user, requestId = 0 } of simulator.audit.slice(audited)) {
      if (actor === undefined || actor === 'others' || user !== 'pam-relay') continue;
      if (kind === 'credential' && status === 200 && model.others.has(requestId))
        broken.push(`${actor} read under request ${requestId} of ${model.others.get(requestId)}.`);
      if (kind !== 'checkin' || status !== 204) continue;
      if (!mayGiveBack(actor, requestId))
        broken.push(`${actor} gave back request ${requestId}: ${reasons.get(requestId)}`);
    }
    for (const { action, result, secretId = '' } of manager.calls.slice(called)) {
      if (actor === undefined || action !== 'DeleteSecret' || result !== 'ok') continue;
      retired.set(actor, (retired.get(actor) ?? 0) + 1);
      if (Number(retired.get(actor)) > BUDGET) broken.push(`${actor} retired more than its budget.`);
      // In a name, a hyphen before six last letters is encoded: it would look like the end of an ARN.
      const name = secretId.replaceAll('=2D', '-');
      if (![...model.leftOut].some((leftOut) => name.endsWith(`/${leftOut}`)))
        broken.push(`${actor} retired ${secretId}.`);
    }
    audited = simulator.audit.length;
    called = manager.calls.length;
  };

  return {
    async as<T>(actor: string, work: () => Promise<T>): Promise<T> {
      look();
      acting.push(actor);
      try {
        return await work();
      } finally {
        look();
        acting.pop();
      }
    },

    /** To be called right after reap. */
    nothingOfEndedRuns(): void {
      const left = openRequestsOfOurs(relay).filter(({ reason }) => hasEnded(runOf(reason)));
      broken.push(...left.map(({ reason }) => `After reap there is still open: ${reason}`));
    },

    /** A sentence for each rule that was broken so far. */
    broken(): string[] {
      const open = new Set(simulator.openRequests().map(({ requestId }) => requestId));
      const closed = [...model.others.keys()].filter((id) => !open.has(id));
      return [...broken, ...closed.map((id) => `Request ${id} of ${model.others.get(id)} was closed.`)];
    },
  };
};

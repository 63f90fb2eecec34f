import { openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';

/** Maximum number of secrets that one run may retire. */
export const BUDGET = 1;

/** State that the rules need in addition to the vault and the store. */
export interface Model {
  /** Open requests that are not ours, with the kind of user that opened each. */
  readonly others: Map<number, 'person' | 'another relay'>;
  /** Names of accounts that any selection has excluded so far. */
  readonly leftOut: Set<string>;
}

const runOf = (reason: string): string | undefined => /\/([^/\]]+)\/\d+\]$/.exec(reason)?.[1];

/**
 * Attributes each call to the vault and the store to an actor. When processes interrupt each other, the one that began
 * last is the actor until it ends.
 */
export const watch = (relay: CrashableRelay, model: Model) => {
  const { simulator, manager } = relay;
  const acting: string[] = [];
  const reasons = new Map<number, string>();
  const retired = new Map<string, number>();
  const broken: string[] = [];
  let audited = 0;
  let called = 0;

  const hasEnded = (run: string | undefined): boolean =>
    relay.executions.every(({ name, isRunning }) => name !== run || !isRunning);

  /** A run may check in only its own requests; reap may check in only requests of ended runs. */
  const mayCheckIn = (actor: string | undefined, requestId: number): boolean => {
    const reason = reasons.get(requestId);
    if (reason === undefined || model.others.has(requestId)) return false;
    return actor === 'reap' ? hasEnded(runOf(reason)) : runOf(reason) === actor;
  };

  const recordCalls = (): void => {
    const actor = acting.at(-1);
    for (const { requestId, reason } of openRequestsOfOurs(relay)) reasons.set(requestId, reason);
    for (const { kind, status, user, requestId = 0 } of simulator.audit.slice(audited)) {
      if (actor === undefined || actor === 'others' || user !== 'pam-relay') continue;
      if (kind === 'credential' && status === 200 && model.others.has(requestId))
        broken.push(`${actor} read under request ${requestId} of ${model.others.get(requestId)}.`);
      if (kind !== 'checkin' || status !== 204) continue;
      if (!mayCheckIn(actor, requestId))
        broken.push(`${actor} checked in request ${requestId}: ${reasons.get(requestId)}`);
    }
    for (const { action, result, secretId = '' } of manager.calls.slice(called)) {
      if (actor === undefined || action !== 'DeleteSecret' || result !== 'ok') continue;
      retired.set(actor, (retired.get(actor) ?? 0) + 1);
      if (Number(retired.get(actor)) > BUDGET) broken.push(`${actor} retired more than its budget.`);
      // A hyphen before the last six letters of a name is encoded, because it would look like the end of an ARN.
      const name = secretId.replaceAll('=2D', '-');
      if (![...model.leftOut].some((leftOut) => name.endsWith(`/${leftOut}`)))
        broken.push(`${actor} retired ${secretId}.`);
    }
    audited = simulator.audit.length;
    called = manager.calls.length;
  };

  return {
    async as<T>(actor: string, work: () => Promise<T>): Promise<T> {
      recordCalls();
      acting.push(actor);
      try {
        return await work();
      } finally {
        recordCalls();
        acting.pop();
      }
    },

    /** Reports requests of ended runs that are still open. Call it right after reap. */
    nothingOfEndedRuns(): void {
      const left = openRequestsOfOurs(relay).filter(({ reason }) => hasEnded(runOf(reason)));
      broken.push(...left.map(({ reason }) => `Still open after reap: ${reason}`));
    },

    /** A sentence for each rule broken so far. */
    broken(): string[] {
      const open = new Set(simulator.openRequests().map(({ requestId }) => requestId));
      const closed = [...model.others.keys()].filter((id) => !open.has(id));
      return [...broken, ...closed.map((id) => `Request ${id} of ${model.others.get(id)} was closed.`)];
    },
  };
};

import { setImmediate } from 'node:timers/promises';
import type { Leases, OpeningReads, Source, Vault, VendorAccess } from '#shared/connections/vault.ts';
import { type Item, type ItemRef, itemKey } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type ClaimsOptions, claiming } from '#shared/leases/claims.ts';
import { readMarker } from '#shared/leases/marker.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import { Secret } from '#shared/secret.ts';
import { memorySharedRecords, rulesOf } from '#test/support/fakes.ts';

/** Processes over a vault with exclusive check-outs and no ids: each call can be late, lost, or the last one. */

/** Fate of a call: its effect and its answer, only its effect, or neither because its process dies. */
export type Fate = 'answered' | 'lost' | 'dead before' | 'dead after';

/** A check-out. A run of the relay has it, or a person. */
type Holder = { readonly run: string } | 'person';

type CallName = 'open' | 'check in' | 'read' | 'replace' | 'list' | 'remove';

interface Pending {
  readonly name: CallName;
  readonly process: Process;
  readonly make: (fate: Fate) => Promise<void>;
}

/** A process works for the run with the reason. One that closes leases of others sets it for each of them. */
interface Process {
  reason: string;
  readonly beganAt: number;
}

const RULE: Source = { source: 'accounts' };
const MAX_LIFE_MS = 15 * 60_000;

const lostAnswer = (): RelayError =>
  new RelayError('AnswerTimedOut', 'The answer was lost.', { mayHaveHappened: true });

export const createClaimWorld = (start = Date.parse('2026-03-01T12:00:00Z')) => {
  const records = memorySharedRecords();
  const holders = new Map<string, Holder>();
  /** Broken promises. */
  const broken: string[] = [];
  const pending: Pending[] = [];
  const made: CallName[] = [];
  let now = start;
  let ids = 0;

  const runOf = (reason: string): string => readMarker(reason)?.run ?? 'no run';
  const claimText = ({ kind, id }: ItemRef): string =>
    [...records.states.values()]
      .map(({ text }) => text)
      .find((text) => text.includes(`"ref":{"kind":"${kind}","id":"${id}"}`)) ?? '';

  const openAndRead = (process: Process, { ref, title }: Pick<Item, 'ref' | 'title'>) => {
    const key = itemKey(ref);
    if (holders.has(key)) throw new RelayError('RequestConflict', `${title} is checked out.`);
    const run = runOf(process.reason);
    if (!claimText(ref).includes(`/${run}/`)) broken.push(`${run} opened ${key} without a claim`);
    holders.set(key, { run });
    return { content: { secret: new Secret(`value of ${key}`) } };
  };
  const checkIn = (process: Process, { ref }: Pick<Item, 'ref'>) => {
    const key = itemKey(ref);
    const holder = holders.get(key);
    if (holder === undefined || holder === 'person') return {};
    const run = runOf(process.reason);
    if (holder.run !== run) broken.push(`a check-in for ${run} ended the lease of ${holder.run}`);
    holders.delete(key);
    return {};
  };

  /** Queues a call. Its effect happens when the driver decides. */
  const call = <T>(process: Process, name: CallName, effect: () => Promise<T> | T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const make = async (fate: Fate): Promise<void> => {
        if (fate === 'dead before' || now - process.beganAt >= MAX_LIFE_MS) return;
        made.push(name);
        try {
          const result = await effect();
          if (fate === 'answered') resolve(result);
        } catch (thrown) {
          if (fate === 'answered') reject(thrown);
        }
        if (fate === 'lost') reject(lostAnswer());
      };
      pending.push({ name, process, make });
    });

  const leasesOf = async <T>(process: Process, user: string, work: (leases: Leases) => Promise<T>): Promise<T> => {
    const reads: OpeningReads = {
      kind: 'opening-reads',
      openAndRead: (item) => call(process, 'open', () => openAndRead(process, item)),
      close: (item) => call(process, 'check in', () => checkIn(process, item)),
    };
    const vault: Vault<VendorAccess> = {
      rules: (source) => ({ ...rulesOf(source), accessKind: 'opening-reads' }),
      ensureSignIn: async () => ({ expiresAt: null }),
      session: (work) =>
        work({
          list: () => {
            throw new Error('unused');
          },
          find: async () => 'none',
          access: () => reads,
        }),
    };
    const shared: RemovableRecords = {
      read: (place) =>
        call(process, 'read', () =>
          records.read(place).catch((cause: unknown) => {
            throw new RelayError('ContractViolated', `${place.key} is not a valid record.`, { cause });
          }),
        ),
      replace: (place, record, expected) => call(process, 'replace', () => records.replace(place, record, expected)),
      list: (prefix) => call(process, 'list', () => records.list(prefix)),
      remove: (place, expected) => call(process, 'remove', () => records.remove(place, expected)),
    };
    const options: ClaimsOptions = {
      ...{ site: 'vault', user },
      records: shared,
      now: () => now,
      newId: () => `id-${++ids}`,
      sleep: async () => {},
    };
    return claiming(vault, options).session((session) => {
      const access = session.access(RULE);
      if (access.kind !== 'leases') throw new Error('It offers leases.');
      return work(access);
    });
  };

  return {
    records,
    holders,
    broken,
    /** All calls so far, in order. */
    calls: (): readonly CallName[] => [...made],
    waitsFor: (name: CallName): boolean => pending.some((one) => one.name === name),
    now: () => now,
    advance: (ms: number) => {
      now += ms;
    },
    /** Starts a process. Its errors are those of a step, which another attempt follows or not. */
    start: (
      reason: string,
      work: (leases: Leases, process: Process) => Promise<unknown>,
      user = 'bootstrap/vault',
    ): Promise<unknown> => {
      const process = { reason, beganAt: now };
      return leasesOf(process, user, (leases) => work(leases, process)).catch((thrown: unknown) => thrown);
    },
    /**
     * Makes the next calls of one of the waiting processes; the last one has the fate. The process then waits until it
     * is chosen again, which can be never.
     */
    async step(choice: number, calls = 1, fate: Fate = 'answered'): Promise<void> {
      await setImmediate();
      const process = pending[choice % Math.max(1, pending.length)]?.process;
      for (let count = 1; count <= calls; count += 1) {
        const index = pending.findIndex((one) => one.process === process);
        if (index < 0) return;
        const [next] = pending.splice(index, 1);
        await next?.make(count === calls ? fate : 'answered');
        await setImmediate();
      }
    },
    /** Makes all waiting calls in order, and those that follow. */
    async settle(): Promise<void> {
      await setImmediate();
      while (pending.length > 0) await this.step(0);
    },
  };
};

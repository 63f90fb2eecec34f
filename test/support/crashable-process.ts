import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Http } from '#shared/http/http.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords, SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';

/** Thrown by every outside call of a killed process, so that no `finally` block can have an outside effect. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/** The death of the process, or an outside event between two of its calls. */
export type Interruption = 'death' | (() => Promise<unknown>);

/**
 * Interruptions of processes, by moment. Each outside call has two moments: one before it is sent, and one after its
 * effect and before its result arrives. All processes that share the plan share one count of moments.
 */
export class CrashPlan {
  readonly #interruptions: ReadonlyMap<number, Interruption>;
  #moments = 0;
  #deaths = 0;

  constructor(...interruptions: readonly (readonly [moment: number, interruption: Interruption])[]) {
    this.#interruptions = new Map(interruptions);
  }

  /** Number of moments so far. */
  get moments(): number {
    return this.#moments;
  }

  /** Number of deaths so far. */
  get deaths(): number {
    return this.#deaths;
  }

  next(): Interruption | undefined {
    const interruption = this.#interruptions.get(this.#moments++);
    if (interruption === 'death') this.#deaths += 1;
    return interruption;
  }
}

/** A plan that also calls a function at each moment, and interrupts the process with what it returns. */
export class WatchedPlan extends CrashPlan {
  readonly #plan: CrashPlan;
  readonly #watch: () => Interruption | undefined;

  constructor(plan: CrashPlan, watch: () => Interruption | undefined) {
    super();
    this.#plan = plan;
    this.#watch = watch;
  }

  override next(): Interruption | undefined {
    const own = this.#watch();
    return this.#plan.next() ?? own;
  }
}

/** A process that fails only by its plan. Its outside calls run one by one, so the result is reproducible. */
export class CrashableProcess {
  readonly #crashPlan: CrashPlan;
  #turn: Promise<unknown> = Promise.resolve();
  #dead = false;

  constructor(crashPlan: CrashPlan) {
    this.#crashPlan = crashPlan;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  async #interrupt(): Promise<void> {
    if (this.#dead) throw new Killed();
    const interruption = this.#crashPlan.next();
    if (interruption === 'death') {
      this.#dead = true;
      throw new Killed();
    }
    await interruption?.();
  }

  call<T>(send: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      await this.#interrupt();
      try {
        return await send();
      } finally {
        await this.#interrupt();
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  http = (http: Http): Http => ({ send: (call) => this.call(() => http.send(call)), close: () => http.close() });

  claims = (claims: Claims): Claims => ({
    claim: (place, record) => this.call(() => claims.claim(place, record)),
  });

  records = (records: Records): Records => ({
    read: (place) => this.call(() => records.read(place)),
    write: (place, record) => this.call(() => records.write(place, record)),
  });

  sharedRecords = (records: SharedRecords): SharedRecords => ({
    read: (place) => this.call(() => records.read(place)),
    replace: (place, record, expected) => this.call(() => records.replace(place, record, expected)),
  });

  removableRecords = (records: RemovableRecords): RemovableRecords => ({
    ...this.sharedRecords(records),
    list: (prefix) => this.call(() => records.list(prefix)),
    remove: (place, expected) => this.call(() => records.remove(place, expected)),
  });

  signals = (signals: Signals): Signals => ({
    put: (key) => this.call(() => signals.put(key)),
    list: (prefix) => this.call(() => signals.list(prefix)),
    remove: (key) => this.call(() => signals.remove(key)),
  });

  secretsManager = (client: SecretsManagerClient): SecretsManagerClient => {
    client.middlewareStack.add((next) => (args) => this.call(() => next(args)), {
      step: 'finalizeRequest',
      name: 'crashable',
    });
    return client;
  };
}

import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Http } from '#shared/http/http.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';

/** The end of a process: nothing in it goes on, no `finally` gets a word out, and nobody hears of what it knew. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/** Death, or something else that goes on in the world while the process knows nothing of it. */
export type Happening = 'death' | (() => Promise<unknown>);

/**
 * What happens to processes, and when: each outside call has a moment before it is sent, and one after it had its effect
 * but before anybody knows. Moments are counted from the beginning, over all processes that share the fate.
 */
export class Fate {
  readonly #happenings: ReadonlyMap<number, Happening>;
  #moments = 0;
  #deaths = 0;

  constructor(...happenings: readonly (readonly [moment: number, happening: Happening])[]) {
    this.#happenings = new Map(happenings);
  }

  /** How many moments there were so far. */
  get moments(): number {
    return this.#moments;
  }

  /** How many deaths there were so far. */
  get deaths(): number {
    return this.#deaths;
  }

  next(): Happening | undefined {
    const happening = this.#happenings.get(this.#moments++);
    if (happening === 'death') this.#deaths += 1;
    return happening;
  }
}

/** A process that has only its fate to fear. Its outside calls happen one by one, so that the same fate ends the same. */
export class Mortal {
  readonly #fate: Fate;
  #turn: Promise<unknown> = Promise.resolve();
  #dead = false;

  constructor(fate: Fate) {
    this.#fate = fate;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  async #pass(): Promise<void> {
    if (this.#dead) throw new Killed();
    const happening = this.#fate.next();
    if (happening === 'death') {
      this.#dead = true;
      throw new Killed();
    }
    await happening?.();
  }

  call<T>(send: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      await this.#pass();
      try {
        return await send();
      } finally {
        await this.#pass();
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

  notes = (notes: Notes): Notes => ({
    put: (key) => this.call(() => notes.put(key)),
    list: (prefix) => this.call(() => notes.list(prefix)),
    remove: (key) => this.call(() => notes.remove(key)),
  });

  secretsManager = (client: SecretsManagerClient): SecretsManagerClient => {
    client.middlewareStack.add((next) => (args) => this.call(() => next(args)), {
      step: 'finalizeRequest',
      name: 'mortal',
    });
    return client;
  };
}

import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Http } from '#shared/http/http.ts';
import type { Records } from '#shared/records/records.ts';

/** The end of a process: nothing in it goes on, no `finally` gets a word out, and nobody hears of what it knew. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * A process that can be killed between any two of its outside calls. Each call has two moments: before it is sent, and
 * after it had its effect but before anybody knows.
 */
export class Mortal {
  #moments = 0;
  #killAt = Number.POSITIVE_INFINITY;
  #dead = false;

  /** How many moments there were so far. */
  get moments(): number {
    return this.#moments;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Dies at the moment of this number, counted from the beginning. */
  killAt(moment: number): void {
    this.#killAt = moment;
  }

  /** Another process takes its place. */
  replace(): void {
    this.#dead = false;
  }

  #pass(): void {
    if (this.#moments === this.#killAt) this.#dead = true;
    this.#moments += 1;
    if (this.#dead) throw new Killed();
  }

  async call<T>(send: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Killed();
    this.#pass();
    const answer = await send();
    if (this.#dead) throw new Killed();
    this.#pass();
    return answer;
  }

  http = (http: Http): Http => ({ send: (call) => this.call(() => http.send(call)), close: () => http.close() });

  records = (records: Records): Records => ({
    read: (place) => this.call(() => records.read(place)),
    write: (place, record) => this.call(() => records.write(place, record)),
  });

  secretsManager = (client: SecretsManagerClient): SecretsManagerClient => {
    client.middlewareStack.add((next) => (args) => this.call(() => next(args)), {
      step: 'finalizeRequest',
      name: 'mortal',
    });
    return client;
  };
}

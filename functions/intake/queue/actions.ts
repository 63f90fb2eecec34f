import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import { maySelect } from '#shared/domain/addressing.ts';
import { gatheringAt } from '#shared/domain/gathering.ts';
import type { Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import {
  type CheckoutRequested,
  type CredentialChanged,
  checkoutOrderSchema,
  checkoutRun,
  type Message,
} from '#shared/messages/messages.ts';
import { namedAt } from '#shared/records/named-items.ts';
import { type Notes, noteAt } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { AddressOf, Rules } from './read-message.ts';

export interface ActionDependencies {
  readonly rules: Rules;
  readonly addressOf: AddressOf;
  readonly rulesOf: (rule: SyncConfig) => Promise<Pick<SourceRules, 'address' | 'patterns'>>;
  readonly executionsOf: ExecutionsOf;
  readonly notes: Pick<Notes, 'put'>;
  readonly records: Pick<Records, 'write'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What each kind of message leads to. Doing it again changes nothing. */
export const createActions = ({ rules, rulesOf, executionsOf, notes, records, now }: ActionDependencies) => {
  const request = async (message: CheckoutRequested): Promise<void> => {
    const run = checkoutRun(message);
    const input = JSON.stringify(message);
    const isOver = 'until' in message.window && Date.parse(message.window.until) <= now();
    const checkouts = executionsOf('checkout');
    if (!isOver && (await checkouts.start(run, input))) return;
    const known = await checkouts.find(run);
    if (known === undefined) throw isOver ? tooLate() : notShown(run);
    if (canonical(known.input) !== input) throw usedBefore(message);
  };

  const release = async (message: Parameters<typeof checkoutRun>[0]): Promise<void> => {
    const run = checkoutRun(message);
    // The note ends a checkout that runs or is yet to come; the execution ends one that died.
    await notes.put(noteAt.released({ rule: message.checkout, run }));
    await executionsOf('release').start(run, JSON.stringify(message));
  };

  const started = new Map<string, string>();

  const look = async (sync: string, item: Labels): Promise<void> => {
    const { run, endsAt, waitSeconds } = gatheringAt(sync, now());
    await records.write(namedAt.item({ rule: sync, run }, item), item);
    // The run may have looked by now without it.
    if (now() >= endsAt) return look(sync, item);
    if (started.get(sync) === run) return;
    await executionsOf('sync').start(run, JSON.stringify({ sync, items: 'named', waitSeconds }));
    started.set(sync, run);
  };

  return async (message: Message): Promise<void> => {
    switch (message.type) {
      case 'checkout.requested':
        return request(message);
      case 'checkout.extended':
        return notes.put(
          noteAt.extended({ rule: message.checkout, run: checkoutRun(message) }, Date.parse(message.until)),
        );
      case 'checkout.released':
        return release(message);
      case 'credential.changed': {
        const syncs = await syncsThatMaySelect(message, rules, rulesOf);
        await Promise.all(syncs.map((sync) => look(sync, message.item)));
      }
    }
  };
};

const tooLate = () =>
  new RelayError('MessageInvalid', 'window.until: has passed; ask again, with a time that is still to come');

/** It is there, since it can't be started, and Step Functions may take a moment to show what it has. */
const notShown = (run: string) => new RelayError('StoreUnavailable', `Step Functions does not show ${run} yet.`);

const usedBefore = ({ checkout, id }: CheckoutRequested) =>
  new RelayError('MessageInvalid', `id: ${id} was used for another checkout of ${checkout}; use an id of its own`);

/** Text that an earlier version of the relay may have written says the same when it does so field by field. */
const canonical = (input: string): string | undefined => {
  const { data } = checkoutOrderSchema.safeParse(JSON.parse(input));
  return data && JSON.stringify(data);
};

/** A sync whose items nobody can address looks for changes by its schedule alone. */
const syncsThatMaySelect = async (
  { connection, item }: CredentialChanged,
  { syncs }: Rules,
  rulesOf: ActionDependencies['rulesOf'],
): Promise<string[]> => {
  const selecting: string[] = [];
  for (const [name, sync] of Object.entries(syncs)) {
    if (sync.connection !== connection) continue;
    const { address, patterns } = await rulesOf(sync);
    if (address !== undefined && maySelect(address, patterns, item)) selecting.push(name);
  }
  return selecting;
};

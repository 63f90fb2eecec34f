import { gatheringAt } from '#shared/domain/gathering.ts';
import { mayBeSelected, type NamedAccount } from '#shared/domain/named-account.ts';
import { RelayError } from '#shared/errors.ts';
import {
  type CheckoutRequested,
  type CredentialChanged,
  checkoutOrderSchema,
  checkoutRun,
  type Message,
} from '#shared/messages.ts';
import { namedAt } from '#shared/records/named-accounts.ts';
import { type Notes, noteAt } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import type { Executions } from '#shared/runtime/executions.ts';
import type { Rules } from './read-message.ts';

export interface ActionDependencies {
  readonly rules: Rules;
  readonly checkouts: Executions;
  readonly releases: Pick<Executions, 'start'>;
  readonly syncs: Pick<Executions, 'start'>;
  readonly notes: Pick<Notes, 'put'>;
  readonly records: Pick<Records, 'write'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What each kind of message leads to. Doing it again changes nothing. */
export const createActions = ({ rules, checkouts, releases, syncs, notes, records, now }: ActionDependencies) => {
  const request = async (message: CheckoutRequested): Promise<void> => {
    const run = checkoutRun(message);
    const input = JSON.stringify(message);
    const isOver = 'until' in message.window && Date.parse(message.window.until) <= now();
    if (!isOver && (await checkouts.start(run, input))) return;
    const known = await checkouts.find(run);
    if (known === undefined) throw isOver ? tooLate() : notShown(run);
    if (canonical(known.input) !== input) throw usedBefore(message);
  };

  const release = async (message: Parameters<typeof checkoutRun>[0]): Promise<void> => {
    const run = checkoutRun(message);
    // The note ends a checkout that runs or is yet to come; the execution ends one that died.
    await notes.put(noteAt.released(message.checkout, run));
    await releases.start(run, JSON.stringify(message));
  };

  const started = new Map<string, string>();

  const look = async (sync: string, named: NamedAccount): Promise<void> => {
    const { run, endsAt, waitSeconds } = gatheringAt(sync, now());
    await records.write(namedAt.account(sync, run, named), named);
    // The run may have looked by now without it.
    if (now() >= endsAt) return look(sync, named);
    if (started.get(sync) === run) return;
    await syncs.start(run, JSON.stringify({ sync, accounts: 'named', waitSeconds }));
    started.set(sync, run);
  };

  return async (message: Message): Promise<void> => {
    switch (message.type) {
      case 'checkout.requested':
        return request(message);
      case 'checkout.extended':
        return notes.put(noteAt.extended(message.checkout, checkoutRun(message), Date.parse(message.until)));
      case 'checkout.released':
        return release(message);
      case 'credential.changed': {
        const { system, account } = message;
        await Promise.all(syncsThatMaySelect(message, rules).map((sync) => look(sync, { system, account })));
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

/** A message names an account, which aliases and Secrets Safe have no say about. */
const syncsThatMaySelect = ({ connection, ...named }: CredentialChanged, { syncs }: Rules): string[] =>
  Object.entries(syncs)
    .filter(
      ([, sync]) => sync.connection === connection && sync.source === 'accounts' && mayBeSelected(sync.select, named),
    )
    .map(([name]) => name);

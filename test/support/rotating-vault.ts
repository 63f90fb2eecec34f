import type { CredentialState, Inspection, Placement, Rotation } from '#shared/connections/rotation.ts';
import type { Vault } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';

/** Behaviour of the vault towards the change of one item. */
export type ChangeBehaviour =
  | 'changes'
  /** Answers as if it had changed the credential, and does not. */
  | 'does nothing'
  | 'refuses'
  /** Changes the credential, and the answer is lost. */
  | 'changes unclearly';

/** Place of an item in the order, with the ids of the items before it. */
type PlacedAs = Omit<Placement, 'ref' | 'after'> & { readonly after: readonly string[] };

const BEFORE = '2026-01-01T00:00:00.000Z';

/** An alias: the ids of its accounts, of which it points at the first. */
type AliasAccounts = readonly string[];

/** A vault with accounts that can be changed. It records its calls. */
export const rotatingVault = (items: readonly Item[], now: () => number) => {
  const fake = fakeVault([pageOf(items)]);
  const calls: string[] = [];
  const dates = new Map<string, string>();
  const behaviours = new Map<string, ChangeBehaviour>();
  const failedTests = new Set<string>();
  const inspections = new Map<string, Partial<Inspection>>();
  /** Ids of items whose inspection fails. */
  const unseen = new Set<string>();
  let onCall: () => Promise<void> = async () => {};
  const placements = new Map<string, PlacedAs>();
  const users: string[] = [];
  const protectedUsers: (readonly string[] | undefined)[] = [];
  const aliases = new Map<string, AliasAccounts>();
  let incomplete: RelayError | undefined;
  let onChange: (id: string) => Promise<void> = async () => {};
  const stateOf = (id: string): CredentialState => ({ changing: false, changedAt: dates.get(id) ?? BEFORE });
  const change = (id: string): void => void dates.set(id, new Date(now()).toISOString());
  const rotation: Rotation = {
    async order(wanted) {
      const refs = new Map(items.map(({ ref }) => [ref.id, ref]));
      return {
        placements: wanted.map(({ ref }) => {
          const { after = [], ...placed } = placements.get(ref.id) ?? { system: ref.id };
          return { ref, ...placed, after: after.flatMap((id) => refs.get(id) ?? []) };
        }),
        incomplete,
      };
    },
    async inspect({ ref }) {
      calls.push(`inspect ${ref.id}`);
      if (unseen.has(ref.id)) throw new RelayError('VaultUnavailable', 'The vault failed.');
      return { state: stateOf(ref.id), ...inspections.get(ref.id) };
    },
    async change({ ref: { id } }, { queue }) {
      await onChange(id);
      calls.push(`change ${id}${queue ? ' queued' : ''}`);
      const behaviour = behaviours.get(id) ?? 'changes';
      if (behaviour === 'refuses') throw new RelayError('RequestRejected', 'The target refused the change.');
      if (behaviour !== 'does nothing') change(id);
      await onCall();
      if (behaviour === 'changes unclearly') {
        throw new RelayError('VaultUnavailable', 'No answer.', { mayHaveHappened: true });
      }
    },
    state: async ({ ref }) => stateOf(ref.id),
    async states(wanted) {
      calls.push(`states ${wanted.map(({ ref }) => ref.id).join(' ')}`);
      return wanted.map(({ ref }) => [ref, stateOf(ref.id)] as const);
    },
    async test({ ref: { id } }) {
      await onCall();
      calls.push(`test ${id}`);
      return failedTests.has(id) ? 'failed' : 'passed';
    },
  };
  const pair: Rotation['pair'] = async ({ ref }) => {
    calls.push(`pair ${ref.id}`);
    const accounts = (aliases.get(ref.id) ?? []).map((id) => ({ ref: { kind: 'account', id }, title: id, handle: id }));
    return { active: accounts[0], standby: accounts.slice(1) };
  };
  const vault: Vault = {
    ...fake.vault,
    session: (work) =>
      fake.vault.session((session) =>
        work({
          ...session,
          rotation(_source, relayUsers) {
            protectedUsers.push(relayUsers);
            return aliases.size === 0 ? rotation : { ...rotation, pair };
          },
        }),
      ),
    users: async () => users,
  };
  return {
    vault,
    calls,
    /** Calls of one kind. */
    count: (kind: string): number => calls.filter((call) => call.startsWith(kind)).length,
    sessions: () => fake.order('signIn', 'signOut'),
    behaviours,
    failedTests,
    inspections,
    unseen,
    /** Places in the order, by the ids of items. An item without one is alone on its system. */
    placements,
    /** Accounts of the items that are aliases, by their ids. */
    aliases,
    /** Users with which the relay signs in. */
    users,
    /** Users that were given to each use of the vault's rotation. */
    protectedUsers,
    makeIncomplete(cause: RelayError): void {
      incomplete = cause;
    },
    /** Changes a credential, as the vault does late. */
    change,
    /** Dates of change that the vault shows now. */
    shown: async () => items.map((item) => [item, stateOf(item.ref.id).changedAt] as const),
    /** Called after each change, and before each test. */
    onCall(next: () => Promise<void>): void {
      onCall = next;
    },
    beforeChange(next: (id: string) => Promise<void>): void {
      onChange = next;
    },
  };
};

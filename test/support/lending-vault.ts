import type { AllLeases, CurrentLease, OpenLease, UnknownLease } from '#shared/connections/all-leases.ts';
import type { Inspection, Rotation } from '#shared/connections/rotation.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** Behaviour of the vault towards the end of one lease. */
type EndBehaviour =
  | 'ends'
  | 'refuses'
  /** Accepts the call, and ends nothing. */
  | 'ignores'
  /** Ends it, and the answer is lost. */
  | 'ends unclearly'
  | 'is down';

/** A vault in memory that shows the leases of all its users. It records the calls that change something. */
export const lendingVault = () => {
  const open = new Map<string, OpenLease>();
  const unknown: UnknownLease[] = [];
  const calls: string[] = [];
  const ends = new Map<string, EndBehaviour>();
  const inspections = new Map<string, Partial<Inspection>>();
  const reads: string[] = [];
  let onLook: (id: string) => unknown = () => {};
  let onChange: (call: string) => unknown = () => {};
  let isRotatable = true;

  const record = async (call: string): Promise<void> => {
    calls.push(call);
    await onChange(call);
  };

  const allLeases: AllLeases = {
    async openedBefore(time) {
      reads.push(`openedBefore ${time}`);
      return { open: [...open.values()].filter(({ since, firstSince = since }) => firstSince <= time), unknown };
    },
    async current({ ref: { id }, title }): Promise<CurrentLease> {
      reads.push(`current ${id}`);
      await onLook(id);
      const unsure = unknown.find((lease) => lease.title === title);
      if (unsure !== undefined) return { state: 'unknown', reason: unsure.reason };
      const lease = open.get(id);
      return lease === undefined ? { state: 'none' } : { state: 'open', lease };
    },
    async end({ ref: { id } }) {
      const behaviour = ends.get(id) ?? 'ends';
      if (behaviour === 'refuses') throw new RelayError('ChangeRefused', `Keys may not be ended: ${id}.`);
      if (behaviour === 'is down') throw new RelayError('VaultUnavailable', 'The vault is down.');
      if (behaviour !== 'ignores') open.delete(id);
      await record(`end ${id}`);
      if (behaviour === 'ends unclearly') {
        throw new RelayError('AnswerTimedOut', 'No answer.', { mayHaveHappened: true });
      }
    },
  };

  const rotation: Rotation = {
    inspect: async ({ ref }) => ({ state: { changing: false }, ...inspections.get(ref.id) }),
    async change({ ref }) {
      await record(`rotate ${ref.id}`);
    },
    state: async () => ({ changing: false }),
    states: async (items) => items.map(({ ref }) => [ref, { changing: false }] as const),
  };

  const refused = () => {
    throw new RelayError('Unexpected', 'A rule for old checkouts needs no such call.');
  };
  const vault: Vault = {
    ensureSignIn: async () => ({ expiresAt: null }),
    session: (work) =>
      work({
        list: refused,
        find: refused,
        access: refused,
        allLeases: () => allLeases,
        rotation: () => (isRotatable ? rotation : undefined),
      }),
    rules: refused,
  };

  return {
    vault,
    open,
    unknown,
    calls,
    reads,
    ends,
    inspections,
    /** Checks out an item. Its id is also its name. */
    checkOut(id: string, since: string, more: Partial<OpenLease> & { readonly group?: string } = {}): void {
      const { group, ...lease } = more;
      const labels = { accountName: id, ...(group !== undefined && { groupName: group }) };
      const item = { ref: { kind: 'vault-account', id }, title: `account ${id}`, labels, handle: null };
      open.set(id, { item, since, holder: 'ann', inUse: false, ...lease });
    },
    /** Called before each look at a single item. */
    onLook(act: (id: string) => unknown): void {
      onLook = act;
    },
    /**
     * Stops the caller for good after this call, which changes something, or before its next look at a single item.
     * Resolves then.
     */
    crashAt(point: string): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = (): Promise<never> => {
        onChange = () => {};
        onLook = () => {};
        resolve();
        return new Promise(() => {});
      };
      if (point === 'look') onLook = stop;
      else onChange = (call) => (call === point ? stop() : undefined);
      return promise;
    },
    cannotRotate(): void {
      isRotatable = false;
    },
  };
};

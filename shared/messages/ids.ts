import type { CheckoutIdentity } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { type Claims, idAt, type KnownId } from '#shared/records/ids.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';

export interface IdsDependencies {
  readonly claims: Claims;
  readonly records: Pick<Records, 'read'>;
  readonly signals: Pick<Signals, 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Rule and id of a checkout in a message, without the sender. */
type Named = Pick<CheckoutIdentity, 'checkout' | 'id'>;

export interface Ids {
  /** Registers an id for a principal. Returns the identity of its checkout. Repeatable. */
  claim(named: Named, principal: Principal): Promise<CheckoutIdentity>;
  /** Returns the registered checkouts of an id: the principal's own, and those of all others. Repeatable. */
  find(
    named: Named,
    principal: Principal,
  ): Promise<{ readonly own: CheckoutIdentity | undefined; readonly others: readonly CheckoutIdentity[] }>;
}

export const createIds = ({ claims, records, signals, now }: IdsDependencies): Ids => ({
  async claim(named, principal) {
    const place = idAt.known(named, principal);
    const known = { principal, id: named.id, opening: new Date(now()).toISOString() };
    return identityOf(named, await claims.claim(place, known));
  },

  async find(named, principal) {
    const ownKey = idAt.known(named, principal).key;
    const keys = await signals.list(idAt.prefix(named));
    const read = async (key: string) => identityOf(named, await readRequired(records, idAt.key(key)));
    return {
      own: keys.includes(ownKey) ? await read(ownKey) : undefined,
      others: await Promise.all(keys.filter((key) => key !== ownKey).map(read)),
    };
  },
});

const identityOf = ({ checkout }: Named, { principal, id, opening }: KnownId): CheckoutIdentity => ({
  checkout,
  id,
  principal,
  opening,
});

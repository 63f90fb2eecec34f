import type { CheckoutIdentity } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { type Claims, idAt, type KnownId } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import { type Records, readRequired } from '#shared/records/records.ts';

export interface IdsDependencies {
  readonly claims: Claims;
  readonly records: Pick<Records, 'read'>;
  readonly notes: Pick<Notes, 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A checkout as messages name it: its sender is not part of the name. */
type Named = Pick<CheckoutIdentity, 'checkout' | 'id'>;

export interface Ids {
  /** The checkout that a principal means by an id of its own, which is known from now on. Repeatable. */
  claim(named: Named, principal: Principal): Promise<CheckoutIdentity>;
  /** The checkouts that are known by an id: the principal's own, and those of all others. Repeatable. */
  find(
    named: Named,
    principal: Principal,
  ): Promise<{ readonly own: CheckoutIdentity | undefined; readonly others: readonly CheckoutIdentity[] }>;
}

export const createIds = ({ claims, records, notes, now }: IdsDependencies): Ids => ({
  async claim(named, principal) {
    const place = idAt.known(named, principal);
    const known = { principal, id: named.id, opening: new Date(now()).toISOString() };
    return identityOf(named, await claims.claim(place, known));
  },

  async find(named, principal) {
    const ownKey = idAt.known(named, principal).key;
    const keys = await notes.list(idAt.prefix(named));
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

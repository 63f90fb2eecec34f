import type { CallKind } from '#local/simulators/sra/audit.ts';
import type { SraSimulator } from '#local/simulators/sra/server.ts';
import type { OpeningReads, Source, VaultSession, VendorAccess } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { accessKind, listAll, terms } from '../vault-bench.ts';

/** Parts of the tests of calls to a site. */

export const RULE: Source = { source: 'vault-accounts', autoRotated: false };

export const readsOf = (session: VaultSession<VendorAccess>): OpeningReads =>
  accessKind(session.access(RULE), 'opening-reads');

/** Checks an item out. */
export const open = (session: VaultSession<VendorAccess>, item: Item) => readsOf(session).openAndRead(item, terms());

/** A listed item that is not checked out. */
export const anyItem = async (
  session: VaultSession<VendorAccess>,
  { accounts }: Pick<SraSimulator, 'accounts'>,
  type?: string,
) => {
  const free = accounts().filter((account) => account.heldBy.length === 0 && !account.autoRotates);
  const wanted = free.filter((account) => type === undefined || account.type === type).map(({ id }) => String(id));
  const item = (await listAll(session, RULE)).items.find(({ ref }) => wanted.includes(ref.id));
  if (item === undefined) throw new Error('The site lists no such account.');
  return item;
};

export const countCalls = ({ audit }: Pick<SraSimulator, 'audit'>, ...kinds: readonly CallKind[]): number =>
  audit.filter(({ kind }) => kinds.includes(kind)).length;

/** Error of a rejected call. */
export const errorOf = async (call: Promise<unknown>): Promise<RelayError> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RelayError) return error;
  throw new Error('It should have failed with an error of the relay.');
};

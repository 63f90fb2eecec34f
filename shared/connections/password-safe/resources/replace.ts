import * as z from 'zod';
import { int } from '#shared/connections/password-safe/fields.ts';
import { changeRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { onlyOne } from '#shared/connections/password-safe/resources/only-one.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Query } from '#shared/http/request.ts';

/** Times that the vault sets itself. */
const OWN_FIELDS = ['CreateDate', 'LastUpdateDate'];

/**
 * Changes some properties of an object. The vault replaces the whole object, so the others are sent as it returned
 * them, also those that the relay does not know. Repeatable.
 */
export const replaceRow = async (
  session: Session,
  { collection, idProperty, id, query }: { collection: string; idProperty: string; id: string; query: Query },
  changes: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const path = pathOf(collection, id);
  const rows = listOf(z.looseObject({ [idProperty]: int }), [idProperty]);
  const current = onlyOne(session, `GET ${collection}/${id}`, await findRows(session, path, rows, query));
  const kept = Object.entries(current).filter(([property]) => !OWN_FIELDS.includes(property));
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  await changeRow(session, 'PUT', path, Object.fromEntries([...kept, ...changed]), query);
};

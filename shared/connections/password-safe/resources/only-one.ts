import type { Session } from '#shared/connections/password-safe/session.ts';
import { RelayError } from '#shared/errors.ts';

/** The one row of an answer. Raises `AnswerMalformed` for several, and `NotFound` for none. Pure. */
export const onlyOne = <Row>({ connection }: Pick<Session, 'connection'>, call: string, rows: readonly Row[]): Row => {
  const [one, another] = rows;
  if (another !== undefined) {
    throw new RelayError(
      'AnswerMalformed',
      `${connection}: ${call} returned several objects with one name. Rename or delete one of them in the vault.`,
    );
  }
  if (one !== undefined) return one;
  throw new RelayError('NotFound', `${connection}: ${call} returned nothing. Someone has deleted the object.`);
};

import type { Listed } from '#shared/connections/directory.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import { RelayError } from '#shared/errors.ts';

/**
 * The only row of a list that fits; undefined if there is none. Raises `AnswerMalformed` if several do, or if there is
 * none in a list that is not complete.
 */
export const onlyOne = <T>(
  { connection }: Pick<Session, 'connection'>,
  what: string,
  { rows, rejected }: Listed<T>,
  isWanted: (row: T) => boolean,
): T | undefined => {
  const [found, ...others] = rows.filter(isWanted);
  if (others.length > 0) {
    throw new RelayError('AnswerMalformed', `${connection}: there are several ${what}. Rename or remove all but one.`);
  }
  if (found === undefined && rejected.length > 0) {
    throw new RelayError(
      'AnswerMalformed',
      `${connection}: some rows of the list can't be read (${rejected[0]}), and one of them may be the wanted one. Check it in the administration; if it is correct there, the relay does not support this version of the server.`,
    );
  }
  return found;
};

/** Error for a setting that names an object that does not exist. */
export const missing = ({ connection }: Pick<Session, 'connection'>, setting: string, name: string): RelayError =>
  new RelayError(
    'NotFound',
    `${connection}: ${setting} names ${JSON.stringify(name)}, which does not exist in the organization. Correct the blueprint, or create it there.`,
  );

import type { Difference } from '#shared/domain/blueprint/fields.ts';
import { RelayError } from '#shared/errors.ts';
import type { PreparedResource } from '#shared/provisioning/prepared.ts';

type Named = Pick<PreparedResource, 'name' | 'typeName'>;

/** Error for an object that belongs to someone else. `title` is its name in the remote system. */
export const foreign = (
  { name, typeName }: Named,
  title: string,
  why: string,
  fix = 'Rename it, or set adopt: true for the resource if the relay is to manage the existing object',
): RelayError =>
  new RelayError(
    'ResourceForeign',
    `The ${typeName} ${JSON.stringify(title)} (resources.${name}) is not changed: ${why}. ${fix}.`,
  );

/** Error for a difference that is refused instead of guessed. Neither value is a credential. */
export const changeRefused = (
  { name, typeName }: Named,
  setting: string,
  why: string,
  difference?: Pick<Difference, 'wanted' | 'found'>,
): RelayError => {
  const values = difference && ` (${JSON.stringify(difference.found)} to ${JSON.stringify(difference.wanted)})`;
  return new RelayError(
    'ChangeRefused',
    `The ${typeName} resources.${name}: ${setting} is not changed${values ?? ''}: ${why}.`,
  );
};

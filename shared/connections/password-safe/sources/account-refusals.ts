import type { Session } from '#shared/connections/password-safe/session.ts';
import { type NamedAccount, userOf } from '#shared/connections/password-safe/user-names.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import { RelayError } from '#shared/errors.ts';

/** Reasons not to change the credential of an account. */

type Titled = Pick<Rotated, 'title'>;

/** Id of the default key rule. */
const DEFAULT_KEY_RULE = 0;

/**
 * Reason not to change the key of an account. A live vault with the default key rule changed the password instead, and
 * left the key (reference: 2.6, "Managed system body").
 */
export const refusalOfKey = (
  { connection }: Session,
  { title }: Titled,
  { managesKey, keyRule }: { readonly managesKey: boolean; readonly keyRule: number | undefined },
): RelayError | undefined => {
  if (!managesKey) {
    return new RelayError(
      'ChangeRefused',
      `${connection}: the vault does not manage the private key of ${title}. Enable DSS auto-management of the account in the vault.`,
    );
  }
  if (keyRule !== undefined && keyRule !== DEFAULT_KEY_RULE) return undefined;
  return new RelayError(
    'ChangeRefused',
    `${connection}: the system of ${title} has the default DSS key rule, with which the vault can change the password and leave the key. Select another DSS key rule for the system in the vault.`,
  );
};

/** Reason not to change an account with whose credential the relay signs in, or may sign in. */
export const refusalOfUser = (
  { connection }: Session,
  { title }: Titled,
  names: NamedAccount,
  relayUsers: readonly string[],
): RelayError | undefined => {
  const user = userOf(names, relayUsers);
  if (user === undefined) return undefined;
  return new RelayError(
    'ChangeRefused',
    `${connection}: ${title} can be ${user}, the user with which the relay signs in to this vault. A change would lock the relay out. Exclude the account from the rotation, for example with select: { accounts: [${JSON.stringify(`!${names.accountName}`)}] }. If it is another account, give the relay a user with a name of its own.`,
  );
};

/** Reason not to change an account that the vault changes together with an account of the relay. */
export const refusalOfSet = ({ connection }: Session, { title }: Titled, relayAccount: string): RelayError =>
  new RelayError(
    'ChangeRefused',
    `${connection}: ${title} is synced with ${relayAccount}, which can be a user with which the relay signs in to this vault. A change would lock the relay out. End the synchronization in the vault, or exclude the account from the rotation.`,
  );

/** Reason not to change an account of a pair: what is synced with it could be what readers have. */
export const refusalOfPair = ({ connection }: Session, { title }: Titled): RelayError =>
  new RelayError(
    'ChangeRefused',
    `${connection}: an account of ${title} is synced with another one, so both change together. End the synchronization in the vault, or name another account in the pair.`,
  );

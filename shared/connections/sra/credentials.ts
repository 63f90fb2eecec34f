import * as z from 'zod';
import { interpretCheckIn, interpretCheckOut } from '#shared/connections/sra/errors.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import type { Credential } from '#shared/domain/content.ts';
import { emptyOrJson, json } from '#shared/http/answer.ts';
import { Secret } from '#shared/secret.ts';

/** Private keys are the largest credentials, at a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

const secretText = z
  .string()
  .min(1)
  .transform((text) => new Secret(text))
  .nullish();

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** Each type of account has one of the first three. A certificate belongs to a key that a CA has signed. */
const credentialSchema = z
  .object({
    password: secretText,
    private_key: secretText,
    token: secretText,
    username: text,
    signed_public_cert: text,
  })
  .transform(({ password, private_key, token, username, signed_public_cert }, context): Credential => {
    const secret = password ?? private_key ?? token;
    const texts = { userName: username, certificate: signed_public_cert };
    if (secret !== undefined && secret !== null) return { secret, texts };
    context.addIssue({ code: 'custom', message: 'a password, a private_key or a token is missing' });
    return z.NEVER;
  });

const actionOf = (accountId: number, action: string) =>
  ({ method: 'POST', path: `${CONFIGURATION}/vault/account/${accountId}/${action}` }) as const;

/**
 * Checks an account out, which returns its credential. Raises `RequestConflict`, without an effect, if it is checked
 * out. Not repeatable.
 */
export const checkOut = async (session: Session, accountId: number): Promise<Credential> => {
  const { value } = await session.send({
    ...actionOf(accountId, 'check-out'),
    idempotent: false,
    interpret: interpretCheckOut,
    read: json(credentialSchema),
    maxBytes: MAX_BYTES,
  });
  return value;
};

/**
 * Checks in what this API account has checked out. An account that it has not checked out counts as checked in. Raises
 * `NotFound` for an account that it does not see. Returns the time by the clock of the site, UTC ISO 8601. Repeatable
 * as long as the claim of the account stays.
 */
export const checkIn = async (session: Session, accountId: number): Promise<{ readonly at: string | undefined }> => {
  const { at } = await session.send({
    ...actionOf(accountId, 'check-in'),
    // The claim counts each check-in that may be late. One that was sent again unseen could end the next check-out.
    idempotent: false,
    interpret: interpretCheckIn,
    read: emptyOrJson,
  });
  return { at };
};

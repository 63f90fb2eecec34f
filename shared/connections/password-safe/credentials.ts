import { interpretCredential, interpretKey } from '#shared/connections/password-safe/errors.ts';
import { type CredentialKind, isEncryptedKey } from '#shared/connections/password-safe/private-key.ts';
import { credentialSchema, passphraseSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Credential } from '#shared/domain/content.ts';
import { json } from '#shared/http/answer.ts';
import type { Secret } from '#shared/secret.ts';

/** Private keys are the largest credentials, at a few kilobytes. */
export const CREDENTIAL_MAX_BYTES = 1024 * 1024;

/** Query `type` of a call that reads one part of a credential. */
type Part = CredentialKind | 'passphrase';

/**
 * Reads a credential part by part: first the credential itself, then the passphrase, but only of an encrypted key. For
 * every other key this saves a call.
 */
export const readParts = async (kind: CredentialKind, read: (part: Part) => Promise<Secret>): Promise<Credential> => {
  const secret = await read(kind);
  return kind === 'dsskey' && isEncryptedKey(secret) ? { secret, passphrase: await read('passphrase') } : { secret };
};

/** Reader of a call that returns one part as a JSON string. Only a passphrase can be empty. */
export const readerOf = (part: Part) => json(part === 'passphrase' ? passphraseSchema : credentialSchema);

/** Interpreter of a call that reads under a request. */
export const interpreterOf = (kind: CredentialKind) => (kind === 'dsskey' ? interpretKey : interpretCredential);

/**
 * Reads the credential of an active request, and the passphrase only of an encrypted key. Repeatable; the vault audits
 * each read.
 */
export const readCredential = (session: Session, requestId: number, kind: CredentialKind): Promise<Credential> =>
  readParts(kind, async (part) => {
    const { value } = await session.send({
      method: 'GET',
      path: `Credentials/${requestId}`,
      query: { type: part },
      idempotent: true,
      interpret: interpreterOf(kind),
      read: readerOf(part),
      maxBytes: CREDENTIAL_MAX_BYTES,
    });
    return value;
  });

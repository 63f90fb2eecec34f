import { interpretCredential, interpretKey } from '#shared/connections/password-safe/errors.ts';
import { type CredentialKind, isEncryptedKey } from '#shared/connections/password-safe/private-key.ts';
import { credentialSchema, passphraseSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Credential } from '#shared/domain/content.ts';
import { json } from '#shared/http/answer.ts';
import type { Secret } from '#shared/secret.ts';

/** Private keys are the largest credentials, at some kilobytes. */
export const CREDENTIAL_MAX_BYTES = 1024 * 1024;

/** What a credential is asked for by: the query `type` of each call that gives one. */
type Part = CredentialKind | 'passphrase';

/**
 * Reads a credential part by part: what it is first, and a passphrase only of a key that says it has one, which spares
 * every other key a call.
 */
export const readParts = async (kind: CredentialKind, read: (part: Part) => Promise<Secret>): Promise<Credential> => {
  const secret = await read(kind);
  return kind === 'dsskey' && isEncryptedKey(secret) ? { secret, passphrase: await read('passphrase') } : { secret };
};

/** The answer of a call that gives one part as a JSON string. Only a passphrase may be empty. */
export const readerOf = (part: Part) => json(part === 'passphrase' ? passphraseSchema : credentialSchema);

/** How the answer of a call that reads by a request is to be understood. */
export const interpreterOf = (kind: CredentialKind) => (kind === 'dsskey' ? interpretKey : interpretCredential);

/**
 * Reads the credential of an active request. Of a key it asks for the passphrase only when the key says that it is encrypted.
 * Repeatable; each read is audited by the vault.
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

import { CREDENTIAL_MAX_BYTES, readerOf, readParts } from '#shared/clients/password-safe/credentials.ts';
import { interpretIsa } from '#shared/clients/password-safe/errors.ts';
import type { Session } from '#shared/clients/password-safe/session.ts';
import type { IsaCredential } from '#shared/clients/password-safe/vault.ts';
import type { CredentialKind } from '#shared/domain/credential.ts';
import type { RequestTerms } from '#shared/domain/lease.ts';
import { jsonBody } from '#shared/http/request.ts';

const MINUTE_MS = 60_000;

/** Releases a credential by the ISA role: one call that answers with the credential itself (reference: 2.4). */
export const readAsIsa = async (
  session: Session,
  { systemId, accountId, durationMinutes, reason }: RequestTerms,
  kind: CredentialKind,
): Promise<IsaCredential> => {
  let releasedAt: string | undefined;
  const credential = await readParts(kind, async (part) => {
    const { value, at } = await session.send({
      method: 'POST',
      path: 'ISARequests',
      query: { type: part },
      body: jsonBody({ SystemID: systemId, AccountID: accountId, DurationMinutes: durationMinutes, Reason: reason }),
      // Each call is a release of its own.
      idempotent: false,
      interpret: interpretIsa,
      read: readerOf(part),
      maxBytes: CREDENTIAL_MAX_BYTES,
    });
    releasedAt = at;
    return value;
  });
  const endsAt =
    releasedAt === undefined ? undefined : new Date(Date.parse(releasedAt) + durationMinutes * MINUTE_MS).toISOString();
  return { ...credential, endsAt };
};

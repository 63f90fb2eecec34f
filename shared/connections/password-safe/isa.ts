import { CREDENTIAL_MAX_BYTES, readerOf, readParts } from '#shared/connections/password-safe/credentials.ts';
import { interpretIsa } from '#shared/connections/password-safe/errors.ts';
import type { CredentialKind } from '#shared/connections/password-safe/private-key.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Credential } from '#shared/domain/content.ts';
import { jsonBody } from '#shared/http/request.ts';

const MINUTE_MS = 60_000;

/** Terms of a release without a request. */
export interface IsaTerms {
  readonly systemId: number;
  readonly accountId: number;
  readonly applicationId?: number | undefined;
  readonly durationMinutes: number;
  /** At most 1,000 characters. */
  readonly reason: string;
}

/** A credential that was released without a request. */
interface IsaCredential extends Credential {
  /** End of the release by the vault's clock, UTC ISO 8601; undefined if the answer had no date. */
  readonly endsAt: string | undefined;
}

/**
 * Releases a credential through the ISA role, in one call that returns the credential (reference: 2.4), without
 * approval or check-in. Raises `NotRequestable` without the role. Each call is another release, so it is never
 * repeated.
 */
export const readAsIsa = async (
  session: Session,
  { systemId, accountId, durationMinutes, reason }: IsaTerms,
  kind: CredentialKind,
): Promise<IsaCredential> => {
  let releasedAt: string | undefined;
  const credential = await readParts(kind, async (part) => {
    const { value, at } = await session.send({
      method: 'POST',
      path: 'ISARequests',
      query: { type: part },
      body: jsonBody({ SystemID: systemId, AccountID: accountId, DurationMinutes: durationMinutes, Reason: reason }),
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

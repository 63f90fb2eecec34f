import { randomBytes } from 'node:crypto';
import type { AccountRole } from './roles.ts';

/** A session of an assumed role. */
interface Session {
  readonly role: AccountRole;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Temporary credentials, as AssumeRole returns them. */
interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The sessions of assumed roles, by their access key ids. */
export interface Sessions {
  start(session: Session): TemporaryCredentials;
  /** Returns the session of an access key, also after its end; undefined for any other key. */
  find(accessKeyId: string): Session | undefined;
  /** Returns the reason for refusing the access key; undefined if it is valid. */
  refusalOf(accessKeyId: string): KeyRefusal | undefined;
}

/** AWS's error for an access key. The code depends on the protocol: JSON, or the XML of STS. */
export interface KeyRefusal {
  readonly code: string;
  readonly xmlCode: string;
  readonly message: string;
}

/** Access key ids of temporary credentials begin with it. Source: IAM user guide, "IAM identifiers". */
const TEMPORARY = 'ASIA';

const UNKNOWN: KeyRefusal = {
  code: 'UnrecognizedClientException',
  xmlCode: 'InvalidClientTokenId',
  message: 'The security token included in the request is invalid.',
};
const EXPIRED: KeyRefusal = {
  code: 'ExpiredTokenException',
  xmlCode: 'ExpiredToken',
  message: 'The security token included in the request is expired',
};

/** `now` is in epoch milliseconds. */
export const createSessions = (now: () => number): Sessions => {
  const sessions = new Map<string, Session>();
  return {
    start(session) {
      const accessKeyId = `${TEMPORARY}${randomBytes(8).toString('hex').toUpperCase()}`;
      sessions.set(accessKeyId, session);
      return {
        accessKeyId,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(96).toString('base64'),
      };
    },
    find: (accessKeyId) => sessions.get(accessKeyId),
    refusalOf(accessKeyId) {
      const session = sessions.get(accessKeyId);
      if (session === undefined) return accessKeyId.startsWith(TEMPORARY) ? UNKNOWN : undefined;
      return session.expiresAt > now() ? undefined : EXPIRED;
    },
  };
};

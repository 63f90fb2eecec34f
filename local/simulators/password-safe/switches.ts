/**
 * Everything about the real product that nobody could confirm, or that a site can set, as a switch. The defaults are
 * the most likely behaviour (reference: password-safe-api.md; its section 3.7 lists most of these).
 */
export interface Switches {
  /** How far the site's clock is ahead of everybody else's; below zero, behind. */
  clockSkewMs: number;

  // Signing in and staying signed in.

  /** The site's idle timeout of a session. */
  sessionIdleMinutes: number;
  /** Lifetime of an access token, `expires_in`: 60 to 3600 are seen. */
  tokenSeconds: number;
  /** Whether a session ends together with the access token that it was opened with. */
  tokenEndEndsSession: boolean;
  /** Whether every call has to carry a valid `Authorization` header beside the cookie. */
  recheckFactors: boolean;
  /** `__RequestVerificationToken`: never set, set but not asked for, or set and asked for on every call. */
  secondCookie: 'off' | 'optional' | 'required';
  /** What a quarantined user is answered at sign-in. */
  quarantine: 401 | 403;
  /**
   * When callers are asked for a certificate, at a site with a registration that requires one: after the request's head,
   * as IIS does, or with the handshake. Looked at when the site starts.
   */
  certificateAsked: 'renegotiation' | 'handshake';
  /**
   * What becomes of a caller without a certificate that the site trusts, where one is required: the registration refuses
   * it like any other factor (401); or IIS itself answers 403 with a page, or drops the connection, whatever is called.
   */
  badCertificate: 401 | 403 | 'reset';
  /** Whether a code of an authenticator is taken a second time, in another session, while it is still shown. */
  usedCode: 'accepted' | 'refused';
  /** How long a human takes to answer a push, on the wall clock; null waits for the test to do it. */
  pushAnsweredAfterMs: number | null;
  /** `invalid` makes every sign-in be refused. */
  licence: 'valid' | 'invalid';
  /** How: the vendor's pages name both. */
  licenceRefusal: 403 | 401;
  /** `disabled` makes every call but the token call answer 410. */
  apiVersion: 'enabled' | 'disabled';

  // The wire.

  /** Which POSTs without a `Content-Type` answer 415: those that read a body, all (sign-in and sign-out too), or none. */
  missingContentType: 'refused-with-body' | 'refused' | 'accepted';
  /** How dates are written: as UTC with `Z`, with an offset, without any zone, or as people in one country do. */
  dateFormat: 'Z' | '+00:00' | 'none' | 'en-US';
  /**
   * What single rows of lists have instead of what they should: fields by what the row is of, such as `account 7`, `alias 1`,
   * `request 3`, `session 2`, `workgroup 1` or `secret <id>`.
   */
  oddRows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Body of a 403 with a special code: `4031`, or `"4031"`. */
  specialCodes: 'bare' | 'quoted';
  /** Body of a 409: a sentence, or the digits `4091`. */
  conflictBody: 'sentence' | 'digits';
  /** Whether IIS takes a dot in the last path segment for a file name and answers 404, unless a slash follows. */
  dotInLastSegmentIs404: boolean;

  // Listing accounts and secrets.

  /** The most rows of one page, whatever its caller asks for. */
  largestPage: number;
  /** How many rows leave a list before its second page is asked for, from its top; below zero, how many come in there. */
  rowsMoved: number;
  /** A list of accounts: bare, or counted as `{TotalCount, Data}`. */
  accountList: 'array' | 'counted';
  /** The answer to a look-up by both names. */
  twoNameShape: 'object' | 'array';
  /** The answer to a look-up by both names that finds nothing. */
  twoNameMissing: 'not-found' | 'empty-list';
  /** Whether `offset` is ignored, so that every page is the first one. */
  offsetIgnored: boolean;

  // Secrets Safe.

  /** Whether a list of secrets holds their values when the caller does not say: older versions did, newer ones don't. */
  decryptByDefault: boolean;
  /** What `afterDate` lets through: what was modified later, or at the same second, too. */
  afterDate: 'later' | 'not-earlier';

  // Requests.

  /** Whether a late approval moves the end of a request, which then counts from the approval. */
  lateApprovalExtends: boolean;
  /** The answer to a check-in of a request that has ended already. */
  finishedCheckIn: 404 | 204;
  /** The answer to ending a session that is over already. */
  finishedTerminate: 404 | 204;
  /** The answer to `reuse` while the user's own request is still pending. */
  reusePending: 409 | 200;

  // The change of a credential after a release.

  /** Time between the end of a release and the new credential. */
  changeDelayMs: number;
  /** Share, 0 to 1, of these changes that fail: the credential and `LastChangeDate` then stand still. */
  changeFailureRate: number;
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  clockSkewMs: 0,
  sessionIdleMinutes: 20,
  tokenSeconds: 3600,
  tokenEndEndsSession: false,
  recheckFactors: false,
  secondCookie: 'optional',
  quarantine: 401,
  certificateAsked: 'renegotiation',
  badCertificate: 401,
  usedCode: 'accepted',
  pushAnsweredAfterMs: null,
  licence: 'valid',
  licenceRefusal: 403,
  apiVersion: 'enabled',
  missingContentType: 'refused-with-body',
  dateFormat: 'none',
  specialCodes: 'bare',
  conflictBody: 'sentence',
  dotInLastSegmentIs404: true,
  twoNameShape: 'object',
  twoNameMissing: 'not-found',
  offsetIgnored: false,
  oddRows: {},
  largestPage: 1000,
  rowsMoved: 0,
  accountList: 'array',
  decryptByDefault: false,
  afterDate: 'later',
  lateApprovalExtends: false,
  finishedCheckIn: 404,
  finishedTerminate: 404,
  reusePending: 409,
  changeDelayMs: 30_000,
  changeFailureRate: 0,
};

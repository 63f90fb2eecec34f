/**
 * Switches for behaviour of the real product that could not be confirmed or that a site can configure. The defaults are
 * the most likely behaviour (reference: password-safe-api.md; its section 3.7 lists most of these).
 */
export interface Switches {
  /** Offset of the site's clock. Positive values are ahead. */
  clockSkewMs: number;

  // Sign-in and sessions.

  /** The site's idle timeout of a session. */
  sessionIdleMinutes: number;
  /** Lifetime of an access token, `expires_in`. Observed: 60 to 3600. */
  tokenSeconds: number;
  /** True if a session ends with the access token with which it was opened. */
  tokenEndEndsSession: boolean;
  /** True if every call needs a valid `Authorization` header in addition to the cookie. */
  recheckFactors: boolean;
  /** `__RequestVerificationToken`: never set, set but optional, or set and required on every call. */
  secondCookie: 'off' | 'optional' | 'required';
  /** Response to the sign-in of a quarantined user. */
  quarantine: 401 | 403;
  /**
   * When the site requests a client certificate, if a registration requires one: after the request's head, like IIS, or
   * during the handshake. Read at the start of the site.
   */
  certificateRequest: 'renegotiation' | 'handshake';
  /**
   * Response to a caller without a trusted certificate where one is required. The registration rejects it like any
   * other factor (401), or IIS itself answers every call with 403 and a page, or drops the connection.
   */
  badCertificate: 401 | 403 | 'reset';
  /** Response to a second use of an authenticator code in another session while the code is still valid. */
  usedCode: 'accepted' | 'refused';
  /** Real time until a person answers a push. With null, the test answers it. */
  pushAnsweredAfterMs: number | null;
  /** With `invalid`, every sign-in is rejected. */
  licence: 'valid' | 'invalid';
  /** Status of that rejection. The vendor's pages mention both. */
  licenceRefusal: 403 | 401;
  /** With `disabled`, every call except the token call returns 410. */
  apiVersion: 'enabled' | 'disabled';

  // Wire format.

  /**
   * POSTs without a `Content-Type` that return 415: those that read a body, all (including sign-in and sign-out), or
   * none.
   */
  missingContentType: 'refused-with-body' | 'refused' | 'accepted';
  /** Format of dates: UTC with `Z`, with an offset, without a zone, or in US English. */
  dateFormat: 'Z' | '+00:00' | 'none' | 'en-US';
  /**
   * Replaced fields of single rows, by row: `account 7`, `managed account 7`, `system 3`, `platform 1`, `alias 1`,
   * `request 3`, `session 2`, `workgroup 1`, `user 1`, `group 1`, `role 1`, `rule 1`, `password rule 0`, `key rule 0`,
   * `functional account 1` or `secret <id>`.
   */
  oddRows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Body of a 403 with a special code: `4031`, or `"4031"`. */
  specialCodes: 'bare' | 'quoted';
  /** Body of a 409: a sentence, or the digits `4091`. */
  conflictBody: 'sentence' | 'digits';
  /** True if IIS treats a last path segment with a dot as a file name and returns 404, unless a slash follows. */
  dotInLastSegmentIs404: boolean;

  // Lists of accounts and secrets.

  /** Maximum number of rows per page, regardless of the requested limit. */
  largestPage: number;
  /**
   * Number of rows that leave the top of a list before its second page is read. Negative: number of rows that are added
   * there.
   */
  rowsMoved: number;
  /** Format of a list of accounts, for those of a system only with `limit`: an array, or `{TotalCount, Data}`. */
  accountList: 'array' | 'counted';
  /** Response to a look-up by both names. */
  twoNameShape: 'object' | 'array';
  /** Response to a look-up by both names without a match. */
  twoNameMissing: 'not-found' | 'empty-list';
  /** True if `offset` is ignored, so that every page is the first page. */
  offsetIgnored: boolean;

  // Secrets Safe.

  /** True if a list of secrets contains their values by default, as in older versions. */
  decryptByDefault: boolean;
  /** Matches of `afterDate`: modified later, or also in the same second. */
  afterDate: 'later' | 'not-earlier';

  /** Folders that `FolderName` selects with `IncludeSubfolders`: also those below a match, or matches alone. */
  folderNameMatches: 'with-subfolders' | 'alone';

  // Requests.

  /** True if the duration of a request counts from its approval. */
  lateApprovalExtends: boolean;
  /** Response to a check-in of an ended request. */
  finishedCheckIn: 404 | 204;
  /** Response to terminating an ended session. */
  finishedTerminate: 404 | 204;
  /** Response to `reuse` while the user's own request is pending. */
  reusePending: 409 | 200;

  // Changes of credentials, after a release or by a call.

  /** Time between the end of a release, or a queued change, and the new credential, if the agent has no cycle. */
  changeDelayMs: number;
  /** Cycle of the agent that works through queued changes. 0: each change has its own delay. The vendor's is 60,000. */
  agentCycleMs: number;
  /** Number of changes per cycle. */
  agentBatch: number;
  /** Time after which the agent repeats a failed change. Nothing shows a change that waits for it. */
  agentRetryMs: number;
  /** Number of repetitions of a failed change. Infinity: unlimited. */
  agentRetries: number;
  /**
   * Meaning of `Queue`: the agent makes every such change, or only that of a system that is unreachable. The vendor's
   * pages say both.
   */
  queuedChange: 'always' | 'if-unreachable';
  /**
   * Sign of the propagation of a new credential (services, tasks) for `propagationMs`: none, a `LastChangeDate` that
   * still is the old one, or a `ChangeState` that is not idle yet. Unconfirmed.
   */
  propagation: 'hidden' | 'delays-date' | 'delays-state';
  propagationMs: number;
  /** Effect of a change on the key of an account whose system has the key rule 0. A live site left the key. */
  keyRuleZero: 'changes-key' | 'leaves-key';
  /** Share of these changes that fail, 0 to 1. After a failure, the credential and `LastChangeDate` are unchanged. */
  changeFailureRate: number;
  /** Time between the change of an account of an alias and the switch of the alias to it. Infinity: no switch. */
  aliasSwitchMs: number;

  // Provisioning.

  /** Response to the creation of an object that exists: a name, or a second managed system of an asset. */
  duplicate: 409 | 400;
  /** Response to the deletion of a functional account that a system uses. */
  functionalAccountInUse: 400 | 409;
  /** Response to the deletion of a rule. The vendor's pages say 200, its command line tool insists on 204. */
  ruleDeletion: 204 | 200;
  /** Interval at which Smart Rules are processed. A new account is in none before. 0 processes them at once. */
  ruleIntervalMs: number;
  /** Duration of one run of a rule, during which another one is refused. */
  ruleProcessingMs: number;
  /** Result of a change that a caller asks for and waits for, and of a test of a credential. */
  changeResult: 'succeeds' | 'fails';
  /** Time until the site has pushed the key of a new account whose keys it manages. */
  keyPushMs: number;
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  clockSkewMs: 0,
  sessionIdleMinutes: 20,
  tokenSeconds: 3600,
  tokenEndEndsSession: false,
  recheckFactors: false,
  secondCookie: 'optional',
  quarantine: 401,
  certificateRequest: 'renegotiation',
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
  folderNameMatches: 'with-subfolders',
  lateApprovalExtends: false,
  finishedCheckIn: 404,
  finishedTerminate: 404,
  reusePending: 409,
  changeDelayMs: 30_000,
  agentCycleMs: 0,
  agentBatch: 5,
  agentRetryMs: 900_000,
  agentRetries: 0,
  queuedChange: 'always',
  propagation: 'hidden',
  propagationMs: 120_000,
  keyRuleZero: 'changes-key',
  changeFailureRate: 0,
  aliasSwitchMs: 30_000,
  duplicate: 409,
  functionalAccountInUse: 400,
  ruleDeletion: 204,
  ruleIntervalMs: 3_600_000,
  ruleProcessingMs: 0,
  changeResult: 'succeeds',
  keyPushMs: 10_000,
};

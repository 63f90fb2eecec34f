/** Event types of the activity report whose texts no page states. */
interface EventNames {
  readonly checkedIn: string;
  readonly forceCheckedIn: string;
  readonly rotated: string;
  readonly rotationFailed: string;
}

/** Types in `performed_by`. Only `User` was seen. */
interface PerformerTypes {
  readonly user: string;
  readonly apiAccount: string;
  readonly system: string;
}

/**
 * Switches for behaviour of the real product that could not be confirmed or that a site can configure. The defaults are
 * the most likely behaviour (reference: sra-and-secretsafe-api.md, part A; its open questions list most of these).
 */
export interface Switches {
  /** Offset of the site's clock. Positive values are ahead. */
  clockSkewMs: number;
  product: 'pra' | 'rs';
  health: 'healthy' | 'unhealthy';
  /** "Enable XML API": a switch of the site over Command and Reporting, not over Configuration. */
  xmlApi: 'on' | 'off';

  // Tokens and networks.

  /** Lifetime of an access token, `expires_in`. Fixtures of other clients carry 1799. */
  tokenSeconds: number;
  tokenType: 'Bearer' | 'bearer';
  /** Live tokens of an API account. One more kills the oldest. */
  maxTokens: number;
  /** Rejected secrets in a row that lock an API account, and for how long. */
  lockAfterFailures: number;
  lockMinutes: number;
  /** Address from which the site sees every call come. */
  callerAddress: string;
  /** Answers to a caller outside the networks of its API account. */
  deniedNetworkToken: 401 | 403;
  deniedNetworkApi: 403 | 401;

  // Limits.

  /** Calls of an API account within any second. Infinity: no such limit. */
  callsPerSecond: number;
  /** Calls of an API account within an hour, `X-RateLimit-Limit`. */
  callsPerHour: number;
  /** The hour that is counted: that of the clock, or the last 3,600 seconds. */
  hourWindow: 'clock' | 'rolling';
  /** `Retry-After` of a 429. Null: no such header. */
  retryAfter: string | null;

  // Lists and fields.

  /** Smallest `per_page` that is accepted. A public script uses 1, the vendor's description says 5. */
  smallestPage: number;
  /** Rows that leave the top of a list before its second page is read. Negative: rows that are added there. */
  rowsMoved: number;
  /** Fields of a listed account: the common ones as described, or all of its type. */
  listedFields: 'common' | 'all';
  timestamps: 'rfc3339' | 'epoch';
  /** Replaced fields of single rows: `account 7`, `credential 7`, `group 2`, `policy 1` or `user 1`. */
  oddRows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Read-only fields in the body of a write. A client that is in use sends them back. */
  readOnlyFields: 'ignored' | 'refused';
  /** PATCH without the required fields of its type. */
  partialPatch: 'accepted' | 'refused';

  // Check-outs.

  /** `message` of the 422 to a check-out of a held account. */
  heldMessage: string;
  /** Second check-out by the same API account. If accepted, one check-in still ends both. */
  ownSecondCheckOut: 'refused' | 'accepted';
  /** Body of a successful check-in, force check-in or rotate: 200 without one, 200 with JSON, or 204. */
  actionAnswer: 'empty' | 'json' | 'no-content';
  /** Force check-in of an account that is not checked out. */
  idleForceCheckIn: 422 | 200;
  /** Field of a checked out AWS secret. */
  awsSecretField: string;
  /** `username` of a checked out token, which has none. */
  tokenUserName: 'absent' | 'empty' | 'null';

  // Rotation.

  /** Time between the schedule of a rotation and its result. Infinity: it never runs. */
  rotationDelayMs: number;
  rotationResult: 'succeeds' | 'fails';
  /** `data` of the event of a failed rotation. */
  rotationError: string;

  // Reports.

  eventNames: EventNames;
  performerTypes: PerformerTypes;
  /** Who performed a rotation: the system, or the caller that asked for it. */
  rotationPerformer: 'system' | 'caller';
  /** Optional parts of an event. */
  performedBy: 'shown' | 'absent';
  data: 'shown' | 'absent';
  /** Days after which events leave all reports. */
  retentionDays: number;
  namespace: 'live' | 'documented';
  /** Where `<error>` stands: as the root, or in the list. */
  errorElement: 'root' | 'child';
  /** True if `<error>` carries a `code`. */
  errorCode: boolean;
  /** Answer without the permission of a report, or with the XML API off. 200: the text as an `<error>`. */
  reportRefusal: 404 | 403 | 200;
  /** `end_time` of a session that runs. */
  runningEnd: 'absent' | 'empty';
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  clockSkewMs: 0,
  product: 'pra',
  health: 'healthy',
  xmlApi: 'on',
  tokenSeconds: 3600,
  tokenType: 'Bearer',
  maxTokens: 30,
  lockAfterFailures: 5,
  lockMinutes: 30,
  callerAddress: '127.0.0.1',
  deniedNetworkToken: 401,
  deniedNetworkApi: 403,
  callsPerSecond: 20,
  callsPerHour: 15_000,
  hourWindow: 'clock',
  retryAfter: null,
  smallestPage: 5,
  rowsMoved: 0,
  listedFields: 'common',
  timestamps: 'rfc3339',
  oddRows: {},
  readOnlyFields: 'ignored',
  partialPatch: 'accepted',
  heldMessage: 'This account is already checked out.',
  ownSecondCheckOut: 'refused',
  actionAnswer: 'empty',
  idleForceCheckIn: 422,
  awsSecretField: 'secret',
  tokenUserName: 'absent',
  rotationDelayMs: 60_000,
  rotationResult: 'succeeds',
  rotationError: 'The endpoint is unreachable.',
  eventNames: {
    checkedIn: 'Credentials Checked In',
    forceCheckedIn: 'Credentials Checked In',
    rotated: 'Password Rotated',
    rotationFailed: 'Password Rotation Failed',
  },
  performerTypes: { user: 'User', apiAccount: 'API Account', system: 'System' },
  rotationPerformer: 'system',
  performedBy: 'shown',
  data: 'shown',
  retentionDays: 90,
  namespace: 'live',
  errorElement: 'root',
  errorCode: false,
  reportRefusal: 404,
  runningEnd: 'absent',
};

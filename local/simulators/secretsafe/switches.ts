/** Generations of the server. `import-only` is a reimplementation that serves directory import alone. */
export type Era = 'today' | 'older' | 'import-only';

/** Parts of the organization's plan. Without a part, its calls answer 400. */
interface Plan {
  readonly groups: boolean;
  readonly policies: boolean;
  readonly directory: boolean;
  readonly events: boolean;
  readonly customPermissions: boolean;
  readonly secretsManager: boolean;
}

/**
 * Switches for behaviour that an installation can configure or that could not be confirmed. The defaults are the most
 * likely behaviour (reference: sra-and-secretsafe-api.md, part B).
 */
export interface Switches {
  /** Offset of the server's clock. Positive values are ahead. */
  clockSkewMs: number;
  era: Era;
  /** The subscription and the limit of an import exist in the cloud only. */
  deployment: 'cloud' | 'self-hosted';
  /** The OpenAPI document, which not every installation publishes. */
  specification: 'served' | 'absent';
  plan: Plan;

  // Tokens.

  /** Lifetime of a token, `expires_in`. */
  tokenSeconds: number;
  /** Tokens after the key was rotated or the organization disabled. Some reimplementations revoke them. */
  tokensAfterRotation: 'valid' | 'revoked';
  /** Device fields of a token request. `import-only` always requires them. */
  deviceFields: 'optional' | 'required';
  rejectedSecret: 400 | 401;
  /** Body of a 401. */
  unauthorizedBody: 'empty' | 'error';

  // Limits, by the address of the caller. The answers of the identity service count separately.

  throttling: 'on' | 'off';
  tokensPerMinute: number;
  /** Calls of any method, as users of the cloud report. */
  callsPerMinute: number;
  readsPerMinute: number;
  /** Of POST, PUT and DELETE each. */
  writesPerMinute: number;
  writesPerSecond: number;
  /** `Retry-After` of a 429. */
  retryAfter: 'seconds' | 'absent';
  /** `x-rate-limit-*` on every answer. */
  rateHeaders: 'shown' | 'absent';
  /** `x-rate-limit-limit`: the library of the server shows its period, for example `1m`, not a number. */
  rateLimitHeader: 'period' | 'number';

  // Members, groups and collections.

  /** Collections in the list of members. `older` never shows them. */
  listedCollections: 'shown' | 'null';
  /** Addresses of invited people are stored in lower case, or as they were sent. They are compared without case. */
  invitedEmail: 'lower-case' | 'as-sent';
  /** Seats of the plan, which members take from their invitation on, unless revoked or staged. Null: no limit. */
  seats: number | null;
  /** Seats up to which the cloud buys more without asking. Null: no limit. */
  maxAutoScaleSeats: number | null;
  /** Unknown ids in the writes of a member, a group or a collection. */
  unknownReferences: 404 | 'ignored';
  /** Unknown ids in `group-ids` and `member-ids`. */
  unknownIdsOfSets: 'ignored' | 404;
  /** Owners and administrators manage every collection, so that each may lose its last manager. */
  adminsManageCollections: boolean;
  /** A claimed domain, without which policy 19 cannot be enabled. */
  claimedDomain: boolean;
  /** Replaced fields of rendered objects, by their id. */
  oddRows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  // Events.

  /** Time between an event and its appearance. */
  eventDelayMs: number;
  /** Dates of the events that the server itself writes: in microseconds and distinct, or as the clock says. */
  eventDates: 'distinct' | 'clock';
  /**
   * Continuation: the date of the last row, so that rows of the same date are skipped (databases), or an opaque
   * position (cloud storage).
   */
  eventTokens: 'date' | 'position';
  lastToken: 'null' | 'empty';
  /**
   * Empty pages: none, one after a full page that was the last (databases), one after every last row, or one that has a
   * token before every later page.
   */
  emptyPages: 'never' | 'after-full-page' | 'at-end' | 'between';
  eventsWithoutPlan: 'empty' | 400;
  /** Days after which events leave the list. */
  eventRetentionDays: number;

  // Import.

  /** Largest number of groups, and of members that stay, in one import to the cloud that is not a large one. */
  importLimit: number;
  /** An import over the limit of seats. Older servers answered 200 and did nothing. */
  importOverSeats: 400 | 'ignored';
  /** An import that gives an invited person another address. Some servers fail. */
  importChangedEmail: 'ignored' | 500;
  /** Groups of `import-only`, which stand behind a setting. */
  importOnlyGroups: 'on' | 'off';
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  clockSkewMs: 0,
  era: 'today',
  deployment: 'cloud',
  specification: 'served',
  plan: { groups: true, policies: true, directory: true, events: true, customPermissions: true, secretsManager: false },
  tokenSeconds: 3600,
  tokensAfterRotation: 'valid',
  deviceFields: 'optional',
  rejectedSecret: 400,
  unauthorizedBody: 'empty',
  throttling: 'on',
  tokensPerMinute: 10,
  callsPerMinute: 400,
  readsPerMinute: 200,
  writesPerMinute: 60,
  writesPerSecond: 5,
  retryAfter: 'seconds',
  rateHeaders: 'shown',
  rateLimitHeader: 'period',
  listedCollections: 'shown',
  invitedEmail: 'lower-case',
  seats: null,
  maxAutoScaleSeats: null,
  unknownReferences: 404,
  unknownIdsOfSets: 'ignored',
  adminsManageCollections: true,
  claimedDomain: false,
  oddRows: {},
  eventDelayMs: 0,
  eventDates: 'distinct',
  eventTokens: 'date',
  lastToken: 'null',
  emptyPages: 'after-full-page',
  eventsWithoutPlan: 'empty',
  eventRetentionDays: Number.POSITIVE_INFINITY,
  importLimit: 2000,
  importOverSeats: 400,
  importChangedEmail: 'ignored',
  importOnlyGroups: 'on',
};

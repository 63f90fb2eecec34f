/** Access types of a request: the credential itself, or a session that never reveals it (reference: 2.2). */
export const ACCESS_TYPES = ['View', 'RDP', 'SSH', 'App'] as const;
export type AccessType = (typeof ACCESS_TYPES)[number];

/** Ticket for a request, in the vault's default ticket system unless another is named. */
export interface Ticket {
  readonly number: string;
  readonly systemId?: number | undefined;
}

/** Terms of a request. The vault refuses a duration above the maximum of the account, so the caller limits it. */
export interface RequestTerms {
  readonly systemId: number;
  readonly accountId: number;
  /** Set to request the alias, and so the account that it points at. */
  readonly aliasId?: number | undefined;
  readonly applicationId?: number | undefined;
  readonly accessType: AccessType;
  readonly durationMinutes: number;
  /** At most 1,000 characters. Shown to approvers, in the audit and in mails. */
  readonly reason: string;
  readonly ticket?: Ticket | undefined;
  /** True to have the vault change the credential at the end of the request; its policy can override `false`. */
  readonly rotateOnCheckIn: boolean;
  /**
   * Behaviour if this user already has an open request for the account: read under it and leave its check-in to its
   * owner, or raise `RequestConflict`.
   */
  readonly whenOpen: 'share' | 'refuse';
}

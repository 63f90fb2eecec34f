/** What a request gives access to: the credential itself, or a session in which it is never seen (reference: 2.2). */
export const ACCESS_TYPES = ['View', 'RDP', 'SSH', 'App'] as const;
export type AccessType = (typeof ACCESS_TYPES)[number];

/** The ticket that a request is made for; the vault's default ticket system when none is named. */
interface Ticket {
  readonly number: string;
  readonly systemId?: number | undefined;
}

/** What to ask the vault for. The duration is cut to what the vault grants for this account. */
export interface RequestTerms {
  readonly systemId: number;
  readonly accountId: number;
  /** The request is made for the alias, and thus for the account that it points at. */
  readonly aliasId?: number | undefined;
  readonly applicationId?: number | undefined;
  readonly accessType: AccessType;
  readonly durationMinutes: number;
  /** At most 1,000 characters. Approvers, audit and mails show it. */
  readonly reason: string;
  readonly ticket?: Ticket | undefined;
  /** Whether the vault is to change the credential once the request ends; its policy may overrule `false`. */
  readonly rotateOnCheckIn: boolean;
  /**
   * What to do when this user has a request for the account open already: read along with it and leave it alone, or be
   * refused with `RequestConflict`.
   */
  readonly whenOpen: 'share' | 'refuse';
}

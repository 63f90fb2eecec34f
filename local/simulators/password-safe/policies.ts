export const ACCESS_TYPES = ['View', 'RDP', 'SSH', 'App'] as const;
export type AccessType = (typeof ACCESS_TYPES)[number];

/** Conditions that can differ by access type. */
interface AccessConditions {
  /** 0 approves immediately. */
  readonly minApprovers: number;
  /** Concurrent requests of different users. 0 means no limit. */
  readonly maxConcurrent: number;
}

/** An access policy with one schedule that is always active. */
export interface AccessPolicy extends AccessConditions {
  readonly id: number;
  readonly name: string;
  /** Number of approvers at the site. With fewer than `minApprovers`, a request returns 4035. */
  readonly approvers: number;
  /** "Allow API Rotation Override": true if `RotateOnCheckin: false` has an effect. */
  readonly allowsRotationOverride: boolean;
  readonly requireReason: boolean;
  readonly requireTicket: boolean;
  /** Ticket system of the schedule. Null means the site's default. */
  readonly ticketSystemId: number | null;
  /** "Force termination": true if a running session ends with its request. */
  readonly endsSessions: boolean;
  /** The allowed access types, each with its deviations from the conditions of the policy. */
  readonly access: Readonly<Partial<Record<AccessType, Partial<AccessConditions>>>>;
}

/** Returns the conditions of an access type. Undefined if the policy does not allow it. */
export const conditionsOf = (policy: AccessPolicy | null, accessType: AccessType): AccessConditions | undefined => {
  const own = policy?.access[accessType];
  if (policy === null || own === undefined) return undefined;
  return { minApprovers: policy.minApprovers, maxConcurrent: policy.maxConcurrent, ...own };
};

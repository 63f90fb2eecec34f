export const ACCESS_TYPES = ['View', 'RDP', 'SSH', 'App'] as const;
export type AccessType = (typeof ACCESS_TYPES)[number];

/** What may differ from one kind of access to the other. */
interface AccessConditions {
  /** 0 approves at once. */
  readonly minApprovers: number;
  /** Requests by different users at a time; 0 is no limit. */
  readonly maxConcurrent: number;
}

/** An access policy with one schedule, which is always on. */
export interface AccessPolicy extends AccessConditions {
  readonly id: number;
  readonly name: string;
  /** How many approvers the site has for it; fewer than `minApprovers` answers 4035. */
  readonly approvers: number;
  /** "Allow API Rotation Override": whether `RotateOnCheckin: false` is honoured. */
  readonly allowsRotationOverride: boolean;
  readonly requireReason: boolean;
  readonly requireTicket: boolean;
  /** The ticket system that its schedule names; null leaves it to the site's default. */
  readonly ticketSystemId: number | null;
  /** "Force termination": whether a session that goes on is ended with its request. */
  readonly endsSessions: boolean;
  /** What may be asked for: on the conditions of the policy, but for what differs for that kind of access. */
  readonly access: Readonly<Partial<Record<AccessType, Partial<AccessConditions>>>>;
}

/** The conditions for one kind of access; undefined where the policy does not allow it. */
export const conditionsOf = (policy: AccessPolicy | null, accessType: AccessType): AccessConditions | undefined => {
  const own = policy?.access[accessType];
  if (policy === null || own === undefined) return undefined;
  return { minApprovers: policy.minApprovers, maxConcurrent: policy.maxConcurrent, ...own };
};

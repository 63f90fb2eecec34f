import * as z from 'zod';
import { EVENT } from './events.ts';
import { type Policy, STATUS, TYPE } from './organization.ts';
import { badRequest, invalid } from './replies.ts';
import type { Site } from './site.ts';

const TWO_FACTOR = 0;
const MASTER_PASSWORD = 1;
const SINGLE_ORGANIZATION = 3;
const CLAIMED_DOMAINS = 19;
/** Policies that presuppose the one of the single organization. */
const NEEDS_SINGLE_ORGANIZATION: readonly number[] = [4, 8, 9, 16, 18, 20];

const MASTER_PASSWORD_DATA = z.object({
  minComplexity: z.int().min(0).max(4).optional(),
  minLength: z.int().min(12).max(128).optional(),
});

const assertAllowed = (
  { organization, switches }: Site,
  type: number,
  enabled: boolean,
  data: Policy['data'],
): void => {
  if (enabled && NEEDS_SINGLE_ORGANIZATION.includes(type) && !organization.isEnabled(SINGLE_ORGANIZATION)) {
    throw badRequest('Turn on the Single organization policy because it is required for this policy.');
  }
  const dependent = NEEDS_SINGLE_ORGANIZATION.find((other) => organization.isEnabled(other));
  if (type === SINGLE_ORGANIZATION && !enabled && dependent !== undefined) {
    throw badRequest(`Policy ${dependent} is on, which requires the Single organization policy.`);
  }
  if (type === CLAIMED_DOMAINS && enabled && !switches.claimedDomain) {
    throw badRequest('You must claim at least one domain to turn on this policy.');
  }
  if (type === MASTER_PASSWORD && data !== null && !MASTER_PASSWORD_DATA.safeParse(data).success) {
    throw invalid({ Data: ['The data of the policy is invalid.'] });
  }
};

/** Revokes the members who do not comply. Owners and administrators are exempt. */
const enforce = ({ organization, events }: Site, type: number): void => {
  const isTwoFactor = type === TWO_FACTOR;
  for (const member of organization.members.values()) {
    const isExempt = member.type === TYPE.owner || member.type === TYPE.admin || member.userId === null;
    const isCompliant = isTwoFactor ? member.twoFactorEnabled : !member.isInOtherOrganization;
    if (isExempt || isCompliant || member.status === STATUS.revoked) continue;
    organization.change(member, { status: STATUS.revoked, statusBefore: member.status });
    const event = isTwoFactor ? EVENT.revokedForTwoFactor : EVENT.revokedForSingleOrganization;
    events.record(event, { memberId: member.id });
  }
};

/** Saves a policy and enforces it. @throws Refusal: 400 if another policy or a claimed domain is missing */
export const savePolicy = (
  site: Site,
  type: number,
  enabled: boolean,
  data: Policy['data'],
  actingUserId?: string,
): Policy => {
  const { organization, events } = site;
  assertAllowed(site, type, enabled, data);
  const wasEnabled = organization.isEnabled(type);
  const policy = organization.savePolicy(type, enabled, data);
  events.record(EVENT.policySaved, { policyId: policy.id, ...(actingUserId !== undefined && { actingUserId }) });
  if (enabled && !wasEnabled && (type === TWO_FACTOR || type === SINGLE_ORGANIZATION)) enforce(site, type);
  return policy;
};

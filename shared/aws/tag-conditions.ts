import { OWNER_TAG } from '#shared/names.ts';
import type { Permission } from '#shared/workflows/grants.ts';

/** Conditions of IAM on the owner tag of delivered secrets. Only the services that tag secrets use them. */

type Conditions = NonNullable<Permission['conditions']>;

/** The secret exists and belongs to one of these owners. */
export const ownedBy = (owners: string): Readonly<Record<string, string>> => ({
  [`aws:ResourceTag/${OWNER_TAG}`]: owners,
});

/** The call tags the secret with one of these owners, and with the tags of relay.yaml. */
export const taggedBy = (owners: string, tags: Readonly<Record<string, string>>): Conditions => {
  const others = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]);
  return {
    StringLike: { [`aws:RequestTag/${OWNER_TAG}`]: owners },
    ...(others.length > 0 && { StringEquals: Object.fromEntries(others) }),
    // No tag beside those of relay.yaml: it could open the secret to principals whose access depends on tags.
    'ForAllValues:StringEquals': { 'aws:TagKeys': [OWNER_TAG, ...Object.keys(tags)] },
  };
};

import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { readFields } from '../fields.ts';
import { savePolicy } from '../policies.ts';
import { badRequest, invalid, json, list, notFound } from '../replies.ts';
import { policyRow } from '../rows.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';

/** Types that the servers know. */
const LAST_TYPE = { today: 22, older: 11 } as const;

const WRITE = z.object({ enabled: z.boolean(), data: z.record(z.string(), z.unknown()).optional() });

const listPolicies = ({ organization, switches }: Site): Reply =>
  list([...organization.policies.values()].map((policy) => policyRow(policy, switches)));

const readPolicy = ({ organization, switches }: Site, _call: Call, type: string): Reply => {
  const policy = organization.policies.get(Number(type));
  if (policy === undefined) throw notFound();
  return json(200, policyRow(policy, switches));
};

/** Upserts: omitted data becomes null. */
const save = (site: Site, call: Call, type: string): Reply => {
  const { switches } = site;
  const { enabled, data = null } = readFields(call, WRITE);
  if (Number(type) > LAST_TYPE[switches.era === 'older' ? 'older' : 'today']) {
    throw invalid({ Type: ['The field Type is invalid.'] });
  }
  if (!switches.plan.policies) throw badRequest('This organization cannot use policies.');
  return json(200, policyRow(savePolicy(site, Number(type), enabled, data), switches));
};

const POLICIES = `${PUBLIC}/policies`;
const ONE = `${POLICIES}/{id}`;

/** The id of a policy's path is its type. */
export const policyEndpoints: readonly ApiEndpoint[] = [
  { method: 'GET', template: POLICIES, kind: 'policies', handle: listPolicies },
  { method: 'GET', template: ONE, kind: 'policy', idIs: 'number', handle: readPolicy },
  { method: 'PUT', template: ONE, kind: 'savePolicy', idIs: 'number', handle: save },
];

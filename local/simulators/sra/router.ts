import type { Reply } from '../common/replies.ts';
import { performerOfApi } from './api-accounts.ts';
import { type Call, isId } from './calls.ts';
import { checkOutEndpoints } from './endpoints/check-outs.ts';
import { groupAndPolicyEndpoints } from './endpoints/groups-and-policies.ts';
import { openEndpoints } from './endpoints/open.ts';
import { otherListEndpoints } from './endpoints/other-lists.ts';
import { provisioningEndpoints } from './endpoints/provisioning.ts';
import { reportingEndpoints } from './endpoints/reporting.ts';
import { siteInformationEndpoints } from './endpoints/site-information.ts';
import { vaultAccountEndpoints } from './endpoints/vault-accounts.ts';
import { accessDenied, empty, invalid, notFound, refusal, unknownFields } from './replies.ts';
import type { ApiEndpoint, Caller, Endpoint, Site } from './site.ts';

/** Every call that the simulator supports. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...openEndpoints,
  ...vaultAccountEndpoints,
  ...provisioningEndpoints,
  ...checkOutEndpoints,
  ...groupAndPolicyEndpoints,
  ...siteInformationEndpoints,
  ...reportingEndpoints,
  ...otherListEndpoints,
];

const TEMPLATES = [...Map.groupBy(ENDPOINTS, ({ template }) => template)].map(([template, endpoints]) => ({
  parts: template.split('/'),
  methods: new Map(endpoints.map((endpoint) => [endpoint.method as string, endpoint])),
}));

/** A path that the site knows. */
export interface Resource {
  readonly methods: ReadonlyMap<string, Endpoint>;
  /** The id in the path as written. */
  readonly id: string | undefined;
}

export const findResource = ({ path }: Call): Resource | undefined => {
  const segments = path.slice(1).split('/');
  const found = TEMPLATES.find(
    ({ parts }) =>
      parts.length === segments.length && parts.every((part, index) => part === '{id}' || part === segments[index]),
  );
  return found && { methods: found.methods, id: segments[found.parts.indexOf('{id}')] };
};

/** The endpoint of a call. `HEAD` is allowed wherever `GET` is. */
export const endpointOf = (resource: Resource | undefined, { method }: Call): Endpoint | undefined =>
  resource?.methods.get(method === 'HEAD' ? 'GET' : method);

const allowOf = ({ methods }: Resource): Reply['headers'] => ({
  Allow: [...methods.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(','),
});

/** The caller of a token. A token lives no longer than its account is enabled. */
const callerOf = ({ tokens, apiAccounts }: Site, { headers }: Call): Caller | undefined => {
  const [, text = ''] = headers.authorization?.match(/^Bearer\s+(\S+)$/i) ?? [];
  const token = tokens.find(text);
  const account = apiAccounts.find(token?.clientId ?? '');
  if (token === undefined || account === undefined) return undefined;
  return { account, token, performer: performerOfApi(account) };
};

/** Commands document 400 for unknown parameters, everything else 401. */
const statusOfUnknown = ({ template }: Endpoint): 400 | 401 => (template.startsWith('api/command/') ? 400 : 401);

const perform = (site: Site, endpoint: ApiEndpoint, call: Call, caller: Caller, id: string | undefined): Reply => {
  if (!endpoint.isPermitted(caller.account.permissions, site)) {
    return endpoint.refuse?.(site) ?? refusal(403, 'This API account is not permitted to use this API.');
  }
  const unknown = [...call.query.keys()].filter((name) => endpoint.parameters?.includes(name) === false);
  if (unknown.length > 0) return unknownFields(statusOfUnknown(endpoint), unknown);
  if (id !== undefined && !isId(id)) return invalid({ id: ['The id must be between 1 and 2147483647.'] });
  return endpoint.handle(site, call, caller, Number(id ?? 0));
};

const tooMany = ({ switches: { retryAfter } }: Site): Reply => ({
  ...refusal(429, 'Too many requests.'),
  headers: retryAfter === null ? {} : { 'Retry-After': retryAfter },
});

/** A response and whose call it answers. */
export interface Answer {
  readonly reply: Reply;
  readonly caller?: Caller;
}

/** Performs a call. */
export const answer = (site: Site, resource: Resource | undefined, call: Call): Answer => {
  if (call.path.includes('//')) return { reply: refusal(405, 'The method is not allowed.') };
  if (resource === undefined) return { reply: notFound() };
  if (call.method === 'OPTIONS') return { reply: empty(200, allowOf(resource)) };
  const endpoint = endpointOf(resource, call);
  if (endpoint === undefined) {
    return { reply: { ...refusal(405, 'The method is not allowed.'), headers: allowOf(resource) } };
  }
  if (endpoint.anonymous) return { reply: endpoint.handle(site, call) };
  const caller = callerOf(site, call);
  if (caller === undefined) return { reply: accessDenied() };
  if (!site.apiAccounts.isReachable(caller.account)) {
    return { reply: accessDenied(site.switches.deniedNetworkApi), caller };
  }
  const { clientId } = caller.account;
  const isTaken = site.throttle.take(clientId);
  const reply = isTaken ? perform(site, endpoint, call, caller, resource.id) : tooMany(site);
  const headers = {
    ...reply.headers,
    'X-RateLimit-Limit': String(site.switches.callsPerHour),
    'X-RateLimit-Remaining': String(site.throttle.remaining(clientId)),
  };
  return { reply: { ...reply, headers }, caller };
};

import type { Reply } from '../common/replies.ts';
import type { Call } from './calls.ts';
import { collectionEndpoints } from './endpoints/collections.ts';
import { eventEndpoints } from './endpoints/events.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { importEndpoints } from './endpoints/import.ts';
import { memberWriteEndpoints } from './endpoints/member-writes.ts';
import { memberEndpoints } from './endpoints/members.ts';
import { openEndpoints } from './endpoints/open.ts';
import { policyEndpoints } from './endpoints/policies.ts';
import { subscriptionEndpoints } from './endpoints/subscription.ts';
import { isGuid } from './ids.ts';
import { empty, invalid, Refusal, tooMany, unauthorized } from './replies.ts';
import type { ApiEndpoint, Endpoint, Site } from './site.ts';
import type { Era } from './switches.ts';
import type { Usage } from './throttle.ts';
import { API_SCOPE } from './tokens.ts';

const SERVERS: readonly Era[] = ['today', 'older'];

const isKnown = ({ eras = SERVERS }: Endpoint, { switches }: Site): boolean => eras.includes(switches.era);

/** Every call that the simulator supports. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...openEndpoints((site) => ENDPOINTS.filter((endpoint) => isKnown(endpoint, site))),
  ...memberEndpoints,
  ...memberWriteEndpoints,
  ...groupEndpoints,
  ...collectionEndpoints,
  ...policyEndpoints,
  ...eventEndpoints,
  ...importEndpoints,
  ...subscriptionEndpoints,
];

const TEMPLATES = [...Map.groupBy(ENDPOINTS, ({ template }) => template)].map(([template, endpoints]) => ({
  parts: template.split('/'),
  endpoints,
}));

/** Where a call goes. */
export interface Target {
  /** Undefined for a path that the server does not know. */
  readonly template: string | undefined;
  /** Undefined for a method that the path does not have. */
  readonly endpoint: Endpoint | undefined;
  /** The id of the path, in lower case. */
  readonly id: string | undefined;
}

/** Finds the target of a call. Paths are compared without case. */
export const findTarget = (site: Site, { method, path }: Call): Target => {
  const segments = path.slice(1).toLowerCase().split('/');
  const found = TEMPLATES.find(
    ({ parts, endpoints }) =>
      parts.length === segments.length &&
      parts.every((part, index) => part === '{id}' || part === segments[index]) &&
      endpoints.some((endpoint) => isKnown(endpoint, site)),
  );
  const endpoint = found?.endpoints.find((one) => one.method === method && isKnown(one, site));
  const position = found?.parts.indexOf('{id}') ?? -1;
  return { template: found?.endpoints[0]?.template, endpoint, id: position < 0 ? undefined : segments[position] };
};

/** A response, and the token that it used or issued. */
export interface Answer {
  readonly reply: Reply;
  readonly token?: number | undefined;
}

const perform = (site: Site, endpoint: ApiEndpoint, call: Call, id: string | undefined): Reply => {
  const isWrong = endpoint.idIs === 'number' ? !/^\d{1,9}$/.test(id ?? '0') : id !== undefined && !isGuid(id);
  if (isWrong) throw invalid({ id: [`The value '${id}' is not valid.`] });
  return endpoint.handle(site, call, id ?? '');
};

const refusalIn = (act: () => Reply): Reply => {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.reply;
    throw thrown;
  }
};

/** Methods that a path has. */
const allowed = (site: Site, template: string): Reply['headers'] => ({
  Allow: ENDPOINTS.filter((endpoint) => endpoint.template === template && isKnown(endpoint, site))
    .map(({ method }) => method)
    .join(', '),
});

const answerWithin = (site: Site, { template, endpoint, id }: Target, call: Call): Answer => {
  if (template === undefined) return { reply: empty(404) };
  if (endpoint?.isOpen) {
    let token: number | undefined;
    const reply = refusalIn(() => {
      const answered = endpoint.handle(site, call);
      token = answered.issued?.number;
      return answered.reply;
    });
    return { reply, token };
  }
  const [, text = ''] = call.headers.authorization?.match(/^Bearer\s+(\S+)$/i) ?? [];
  const claims = site.tokens.verify(text);
  if (claims === undefined) return { reply: unauthorized(site.switches, text !== '').reply };
  const token = claims.number;
  if (!claims.scope.includes(API_SCOPE)) return { reply: empty(403), token };
  if (endpoint === undefined) return { reply: empty(405, allowed(site, template)), token };
  return { reply: refusalIn(() => perform(site, endpoint, call, id)), token };
};

const limitHeaders = (usage: Usage, { switches }: Site): Reply['headers'] => ({
  ...(switches.rateHeaders === 'shown' && {
    'x-rate-limit-limit': usage.limit,
    'x-rate-limit-remaining': String(usage.remaining),
    'x-rate-limit-reset': new Date(usage.resetsAt).toISOString(),
  }),
  ...(usage.refusedBy !== undefined &&
    switches.retryAfter === 'seconds' && { 'Retry-After': String(usage.refusedBy.secondsLeft) }),
});

/** Performs a call within the limits. */
export const answer = (site: Site, target: Target, call: Call): Answer => {
  const usage = site.throttle.take(call.method, target.endpoint?.kind === 'token');
  if (usage === undefined) return answerWithin(site, target, call);
  const refused = usage.refusedBy;
  const { reply, token } = refused
    ? { reply: tooMany(refused.period), token: undefined }
    : answerWithin(site, target, call);
  return { reply: { ...reply, headers: { ...reply.headers, ...limitHeaders(usage, site) } }, token };
};

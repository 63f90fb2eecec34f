import type { Call } from './calls.ts';
import { accountChangeEndpoints } from './endpoints/account-changes.ts';
import { accountEndpoints } from './endpoints/accounts.ts';
import { aliasEndpoints } from './endpoints/aliases.ts';
import { assetEndpoints } from './endpoints/assets.ts';
import { authenticationEndpoints } from './endpoints/authentication.ts';
import { configurationEndpoints } from './endpoints/configuration.ts';
import { credentialEndpoints } from './endpoints/credentials.ts';
import { folderEndpoints } from './endpoints/folders.ts';
import { functionalAccountEndpoints } from './endpoints/functional-accounts.ts';
import { groupRoleEndpoints } from './endpoints/group-roles.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { managedAccountEndpoints } from './endpoints/managed-accounts.ts';
import { policyEndpoints } from './endpoints/policies.ts';
import { quarantineEndpoints } from './endpoints/quarantine.ts';
import { requestSetEndpoints } from './endpoints/request-sets.ts';
import { requestEndpoints } from './endpoints/requests.ts';
import { ruleEndpoints } from './endpoints/rules.ts';
import { secretsSafeEndpoints } from './endpoints/secrets-safe.ts';
import { syncedAccountEndpoints } from './endpoints/synced-accounts.ts';
import { systemEndpoints } from './endpoints/systems.ts';
import { targetSessionEndpoints } from './endpoints/target-sessions.ts';
import { userEndpoints } from './endpoints/users.ts';
import { certificateRequired, fileNotFound, type Reply, refusal, unauthenticated, unroutable } from './replies.ts';
import type { Endpoint, Site } from './site.ts';

/** Every call that the simulator supports. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...authenticationEndpoints,
  ...accountEndpoints,
  ...aliasEndpoints,
  ...managedAccountEndpoints,
  ...syncedAccountEndpoints,
  ...accountChangeEndpoints,
  ...assetEndpoints,
  ...systemEndpoints,
  ...functionalAccountEndpoints,
  ...ruleEndpoints,
  ...groupEndpoints,
  ...groupRoleEndpoints,
  ...userEndpoints,
  ...configurationEndpoints,
  ...policyEndpoints,
  ...requestEndpoints,
  ...requestSetEndpoints,
  ...credentialEndpoints,
  ...secretsSafeEndpoints,
  ...folderEndpoints,
  ...targetSessionEndpoints,
  ...quarantineEndpoints,
];

const ROUTES = new Map<string, Map<string, Endpoint>>();
for (const endpoint of ENDPOINTS) {
  const route = endpoint.template.toLowerCase();
  const methods = ROUTES.get(route) ?? new Map<string, Endpoint>();
  ROUTES.set(route, methods.set(endpoint.method, endpoint));
}

/** Templates with a name in the path. */
const NAMED = [...ROUTES.keys()].filter((route) => route.includes('{name}')).map((route) => route.split('/'));

/** The route of a call. A number or a fixed segment takes precedence over a name. */
const routeOf = ({ route = '' }: Call): string => {
  if (ROUTES.has(route)) return route;
  const segments = route.split('/');
  const named = NAMED.find(
    (template) =>
      template.length === segments.length &&
      template.every((part, index) => part === '{name}' || part === segments[index]),
  );
  return named?.join('/') ?? route;
};

export const findEndpoint = (call: Call): Endpoint | undefined => ROUTES.get(routeOf(call))?.get(call.method);

const refuseMediaType = (site: Site, endpoint: Endpoint, call: Call): Reply | undefined => {
  const type = call.headers['content-type'];
  const refused = refusal(415, 'The request contains an entity body but no supported Content-Type header.');
  if (type !== undefined) return call.body === '' || /json|form-urlencoded/i.test(type) ? undefined : refused;
  if (call.method !== 'POST' || site.switches.missingContentType === 'accepted') return undefined;
  const readsBody = !endpoint.anonymous && endpoint.readsBody === true;
  return readsBody || site.switches.missingContentType === 'refused' ? refused : undefined;
};

const refuseRoute = (site: Site, call: Call): Reply => {
  const isFile = call.path.slice(call.path.lastIndexOf('/')).includes('.');
  if (site.switches.dotInLastSegmentIs404 && isFile) return fileNotFound();
  return unroutable(call.route !== undefined && ROUTES.has(routeOf(call)) ? 405 : 404, call.method, call.path);
};

const isWithoutCertificate = ({ certificateRequest, switches }: Site, { peer }: Call): boolean =>
  certificateRequest !== 'never' && switches.badCertificate === 403 && peer.certificate !== 'trusted';

/** Performs a call. */
export const answer = async (site: Site, endpoint: Endpoint | undefined, call: Call): Promise<Reply> => {
  if (isWithoutCertificate(site, call)) return certificateRequired();
  if (endpoint === undefined) return refuseRoute(site, call);
  if (site.switches.apiVersion === 'disabled' && endpoint.kind !== 'token') {
    return refusal(410, 'This API version has been disabled.');
  }
  const refused = refuseMediaType(site, endpoint, call);
  if (endpoint.anonymous) return refused ?? endpoint.handle(site, call);
  const session = site.sessions.authenticate(call);
  if (session === undefined) return unauthenticated();
  const reply = refused ?? (await endpoint.handle(site, call, session));
  return { ...reply, about: { ...reply.about, session, user: session.user } };
};

import { randomUUID } from 'node:crypto';
import { type Caller, checkAccess, identify, maySee } from './access.ts';
import type { Call } from './calls.ts';
import { secondsIn, textsIn } from './fields.ts';
import { mountedAt, type Place, placeOf } from './namespaces.ts';
import { ABSENT, answer, NO_CONTENT, noRoute, Refusal, type Reply, refusal, unsupported } from './replies.ts';
import type { Site } from './site.ts';
import { describeMount, health, preflightOf, system } from './system.ts';
import { DEFAULT_TTL_SECONDS } from './times.ts';
import { authOf, lookUp, type Token } from './tokens.ts';

/** Performs a call. */
export const perform = async (site: Site, call: Call): Promise<Reply> => {
  try {
    return await route(site, call);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.reply;
    throw thrown;
  }
};

const route = async (site: Site, call: Call): Promise<Reply> => {
  const { switches } = site;
  if (call.path === 'sys/health') {
    return call.namespace === '' ? health(site) : refusal(400, 'operation unavailable in namespaces');
  }
  if (switches.sealed) return refusal(503, 'Vault is sealed');
  if (switches.node === 'standby') return elsewhere(site, call);
  const place = placeOf(site.namespaces, call.namespace, call.path);
  if (place === undefined) return refusal(404, 'namespace not found');
  return (await signIn(site, call, place)) ?? withToken(site, call, place);
};

/** A standby has no content of its own. */
const elsewhere = ({ switches: { activeUrl } }: Site, { path, query }: Call): Reply => {
  if (activeUrl === undefined) return refusal(500, 'local node not active but active cluster node not found');
  const search = query.size === 0 ? '' : `?${query}`;
  return { status: 307, headers: { location: `${activeUrl}/v1/${encodeURI(path)}${search}` } };
};

/** The answer to a sign-in, which needs no token; undefined for any other call. */
const signIn = async (site: Site, call: Call, { namespace, path }: Place): Promise<Reply | undefined> => {
  const found = mountedAt(namespace.auths, path.replace(/^auth\//, ''));
  if (!path.startsWith('auth/') || found?.rest !== 'login') return undefined;
  if (call.operation !== 'update') return unsupported();
  const granted = await found.mounted.login(call.fields ?? {});
  const token = site.tokens.issue({
    ...granted,
    namespace,
    renewable: true,
    displayName: `${found.at}-${granted.displayName}`,
    path,
    entityId: randomUUID(),
  });
  return answer({ auth: authOf(token) });
};

const withToken = async (site: Site, call: Call, place: Place): Promise<Reply> => {
  const caller = identify(site, call.token);
  const { path } = place;
  const preflight = preflightOf(path);
  if (preflight !== undefined && call.operation === 'read') {
    return describeMount(place, preflight, (mount) => maySee(caller, place, mount));
  }
  const own = OWN_TOKEN[path];
  if (own !== undefined && caller !== 'root') {
    checkAccess(caller, call.operation, { namespace: caller.namespace, path });
    return call.operation === own.operation ? own.answer(site, call, caller) : unsupported();
  }
  checkAccess(caller, call.operation, place);
  return administer(site, call, place, caller) ?? useMount(call, place);
};

interface OwnToken {
  readonly operation: Call['operation'];
  readonly answer: (site: Site, call: Call, token: Token) => Reply;
}

/** Calls of a token about itself, in whichever namespace they arrive. */
const OWN_TOKEN: Readonly<Record<string, OwnToken>> = {
  'auth/token/lookup-self': {
    operation: 'read',
    answer: ({ now }, _call, token) => answer({ data: lookUp(token, now()) }),
  },
  'auth/token/renew-self': {
    operation: 'update',
    answer({ tokens }, { fields = {} }, token) {
      if (!token.renewable) return refusal(400, 'lease is not renewable');
      tokens.renew(token, secondsIn(fields, 'increment') ?? token.ttlSeconds);
      return answer({ auth: authOf(token) });
    },
  },
  'auth/token/revoke-self': {
    operation: 'update',
    answer({ tokens }, _call, token) {
      tokens.revoke(token);
      return NO_CONTENT;
    },
  },
};

/** Settings of an administrator. Undefined for any other path. */
const administer = (site: Site, call: Call, place: Place, caller: Caller): Reply | Promise<Reply> | undefined => {
  if (place.path === 'auth/token/create' && call.operation === 'update') return createToken(site, call, place, caller);
  return system(site, call, place) ?? configureAuth(call, place);
};

const createToken = ({ tokens }: Site, { fields = {} }: Call, { namespace }: Place, caller: Caller): Reply => {
  if (caller !== 'root') return refusal(400, 'the simulator creates tokens only for root');
  const policies = fields['no_default_policy'] === true ? [] : ['default'];
  const token = tokens.issue({
    namespace,
    policies: [...new Set([...policies, ...textsIn(fields, 'policies')])].toSorted(),
    ttlSeconds: secondsIn(fields, 'ttl') ?? DEFAULT_TTL_SECONDS,
    maxTtlSeconds: DEFAULT_TTL_SECONDS,
    renewable: fields['renewable'] !== false,
    displayName: 'token',
    path: 'auth/token/create',
    meta: null,
    entityId: '',
  });
  return answer({ auth: authOf(token) });
};

const configureAuth = (
  { operation, fields = {} }: Call,
  { namespace, path }: Place,
): Reply | Promise<Reply> | undefined => {
  const found = path.startsWith('auth/') ? mountedAt(namespace.auths, path.slice('auth/'.length)) : undefined;
  if (found === undefined) return undefined;
  const { mounted, rest } = found;
  if (rest === 'config') return operation === 'update' ? mounted.configure(fields) : unsupported();
  const role = /^role\/(.+)$/.exec(rest)?.[1];
  if (role === undefined) return refusal(404, 'unsupported path');
  if (operation === 'update') return mounted.writeRole(role, fields);
  return operation === 'read' ? mounted.readRole(role) : unsupported();
};

const useMount = (call: Call, { namespace, path }: Place): Reply => {
  const found = mountedAt(namespace.mounts, path);
  if (found !== undefined) return found.mounted.handle(call, found.rest);
  return path.startsWith('sys/') ? ABSENT : noRoute(path);
};

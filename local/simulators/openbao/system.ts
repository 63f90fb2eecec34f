import { randomUUID } from 'node:crypto';
import type { Call } from './calls.ts';
import { objectIn, textIn } from './fields.ts';
import { JwtAuth } from './jwt-auth.ts';
import { createKv1 } from './kv1.ts';
import { createKv2 } from './kv2.ts';
import { createNamespace, type Mount, mountedAt, type Place } from './namespaces.ts';
import { parsePolicy } from './policies.ts';
import { answer, NO_CONTENT, type Reply, refusal, unsupported } from './replies.ts';
import type { Site } from './site.ts';

const VERSION = { openbao: '2.7.2', vault: '1.21.4' } as const;

/** The health of a server, which needs no token. The status tells its state. */
export const health = ({ switches, now }: Site): Reply => {
  const { sealed, node, vault } = switches;
  const status = sealed ? 503 : { active: 200, standby: 429, 'performance-standby': 473 }[node];
  const replication = sealed ? 'unknown' : 'disabled';
  return {
    status,
    body: {
      initialized: true,
      sealed,
      standby: sealed || node !== 'active',
      ...(node === 'performance-standby' && { performance_standby: true }),
      replication_performance_mode: replication,
      replication_dr_mode: replication,
      server_time_utc: Math.floor(now() / 1000),
      version: vault ? VERSION.vault : VERSION.openbao,
      ...(!sealed && { cluster_name: 'simulator', cluster_id: CLUSTER_ID }),
    },
  };
};

const CLUSTER_ID = randomUUID();

/** Settings of an administrator, below `sys/`. Undefined if the simulator has no such path. */
export const system = (site: Site, call: Call, { namespace, path }: Place): Reply | undefined => {
  const [, area = '', name = ''] = /^sys\/(mounts|auth|policies\/acl|namespaces|seal)(?:\/(.+))?$/.exec(path) ?? [];
  const { operation, fields = {} } = call;
  switch (area) {
    case 'mounts': {
      if (operation === 'delete') return deleted(namespace.mounts, name);
      if (operation !== 'update') return unsupported();
      const mount = mountOf(site, textIn(fields, 'type'), textIn(objectIn(fields, 'options') ?? {}, 'version'));
      return mount === undefined ? refusal(400, 'the simulator has only kv') : added(namespace.mounts, name, mount);
    }
    case 'auth':
      if (operation === 'delete') return deleted(namespace.auths, name);
      if (operation !== 'update') return unsupported();
      if (textIn(fields, 'type') !== 'jwt') return refusal(400, 'the simulator has only jwt');
      return added(namespace.auths, name, new JwtAuth(site.now));
    case 'policies/acl':
      if (operation === 'delete') return deleted(namespace.policies, name);
      if (operation !== 'update') return unsupported();
      namespace.policies.set(name, parsePolicy(textIn(fields, 'policy')));
      return NO_CONTENT;
    case 'namespaces': {
      if (operation !== 'update') return unsupported();
      const created = createNamespace(namespace.path === '' ? name : `${namespace.path}/${name}`);
      site.namespaces.set(created.path, created);
      return answer({ data: { id: created.id, path: `${name}/`, custom_metadata: {} } });
    }
    case 'seal':
      if (operation !== 'update') return unsupported();
      site.switches.sealed = true;
      return NO_CONTENT;
    default:
      return undefined;
  }
};

const mountOf = ({ switches, now }: Site, type: string, version: string): Mount | undefined => {
  if (type !== 'kv' && type !== 'kv-v2') return undefined;
  return version === '2' || type === 'kv-v2' ? createKv2(switches, now) : createKv1();
};

const added = <Mounted>(all: Map<string, Mounted>, name: string, one: Mounted): Reply => {
  const path = name.replace(/\/$/, '');
  if (all.has(path)) return refusal(400, `path is already in use at ${path}/`);
  all.set(path, one);
  return NO_CONTENT;
};

const deleted = (all: Map<string, unknown>, name: string): Reply => {
  all.delete(name.replace(/\/$/, ''));
  return NO_CONTENT;
};

const PREFLIGHT = 'sys/internal/ui/mounts/';

/** The path whose mount is asked for with `sys/internal/ui/mounts/`; undefined for another path. */
export const preflightOf = (path: string): string | undefined =>
  path.startsWith(PREFLIGHT) ? path.slice(PREFLIGHT.length).replace(/\/$/, '') : undefined;

/** Describes the mount of a path, if the caller may see it. Anything else looks like a missing right. */
export const describeMount = ({ namespace }: Place, path: string, isVisible: (mount: string) => boolean): Reply => {
  const found = mountedAt(namespace.mounts, path);
  if (found === undefined || !isVisible(found.at)) {
    return refusal(
      403,
      `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`,
    );
  }
  return answer({
    data: {
      config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
      description: '',
      local: false,
      options: { version: String(found.mounted.version) },
      path: `${found.at}/`,
      type: 'kv',
    },
  });
};

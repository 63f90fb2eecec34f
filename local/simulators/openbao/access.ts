import type { Operation } from './calls.ts';
import { mountedAt, type Namespace, type Place } from './namespaces.ts';
import { type Capability, capabilitiesOn, type Rule, seesMount } from './policies.ts';
import { denied, Refusal, unauthenticated } from './replies.ts';
import type { Site } from './site.ts';
import type { Token } from './tokens.ts';

/** Caller with a valid token. */
export type Caller = 'root' | Token;

export const identify = ({ rootToken, tokens }: Site, id: string | undefined): Caller => {
  if (id === rootToken) return 'root';
  const token = id === undefined ? undefined : tokens.find(id);
  if (token === undefined) throw new Refusal(unauthenticated());
  return token;
};

/** The rules of a token, with paths from the root namespace. */
const rulesOf = ({ namespace, policies }: Token): readonly Rule[] =>
  policies
    .flatMap((name) => namespace.policies.get(name) ?? [])
    .map((rule) => ({ ...rule, pattern: `${prefixOf(namespace)}${rule.pattern}` }));

const prefixOf = ({ path }: Namespace): string => (path === '' ? '' : `${path}/`);

/** Throws a Refusal unless the caller may perform the operation at this place. */
export const checkAccess = (caller: Caller, operation: Operation, place: Place): void => {
  if (caller === 'root') return;
  const needed = operation === 'update' ? writeOf(place) : operation;
  const path = `${prefixOf(place.namespace)}${place.path}`;
  const rules = rulesOf(caller);
  const isListing = operation === 'list' || operation === 'scan';
  const paths = isListing ? [withSlash(path), path.replace(/\/$/, '')] : [path];
  if (!paths.some((one) => capabilitiesOn(rules, one).has(needed))) throw new Refusal(denied());
};

/** A write needs `create` where nothing exists yet. */
const writeOf = ({ namespace, path }: Place): Capability => {
  const found = mountedAt(namespace.mounts, path);
  return found === undefined || found.mounted.exists(found.rest) ? 'update' : 'create';
};

const withSlash = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

/** True if the caller may see that this mount exists. */
export const maySee = (caller: Caller, { namespace }: Place, mount: string): boolean =>
  caller === 'root' || seesMount(rulesOf(caller), `${prefixOf(namespace)}${mount}/`);

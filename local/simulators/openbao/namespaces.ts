import { randomBytes } from 'node:crypto';
import type { Call } from './calls.ts';
import type { JwtAuth } from './jwt-auth.ts';
import { DEFAULT_POLICY, parsePolicy, type Rule } from './policies.ts';
import type { Reply } from './replies.ts';

/** A secrets engine at its path. */
export interface Mount {
  readonly version: 1 | 2;
  /** True if a write to this path changes something, which decides between `create` and `update`. */
  exists(path: string): boolean;
  /** Answers a call. `path` is below the mount. */
  handle(call: Call, path: string): Reply;
  /** Every secret's path and its current fields, for tests. */
  currentValues(): Iterable<readonly [string, Readonly<Record<string, unknown>>]>;
  /** Every secret's path and its custom metadata, for tests. */
  metadata(): Iterable<readonly [string, Readonly<Record<string, string>>]>;
}

/** Part of a server with its own mounts, sign-ins and policies. The root namespace has the path `''`. */
export interface Namespace {
  readonly path: string;
  readonly id: string;
  /** By path, without a slash at the end. */
  readonly mounts: Map<string, Mount>;
  readonly auths: Map<string, JwtAuth>;
  readonly policies: Map<string, readonly Rule[]>;
}

export const createNamespace = (path: string): Namespace => ({
  path,
  id: path === '' ? 'root' : randomBytes(4).toString('base64url'),
  mounts: new Map(),
  auths: new Map(),
  policies: new Map([['default', parsePolicy(DEFAULT_POLICY)]]),
});

/** Place of a call: its namespace, and the path below it. */
export interface Place {
  readonly namespace: Namespace;
  readonly path: string;
}

/** A namespace can be named in the header, at the beginning of the path, or partly in each. */
export const placeOf = (
  namespaces: ReadonlyMap<string, Namespace>,
  header: string,
  path: string,
): Place | undefined => {
  const start = header === 'root' ? '' : header;
  const root = namespaces.get(start);
  if (root === undefined) return undefined;
  const prefix = start === '' ? '' : `${start}/`;
  const whole = `${prefix}${path}`;
  const inside = [...namespaces.values()].filter((one) => one.path !== '' && whole.startsWith(`${one.path}/`));
  const namespace = inside.toSorted((one, other) => other.path.length - one.path.length)[0] ?? root;
  return { namespace, path: namespace.path === '' ? whole : whole.slice(namespace.path.length + 1) };
};

/** Finds what is mounted at the beginning of a path. */
export const mountedAt = <Mounted>(
  mounted: ReadonlyMap<string, Mounted>,
  path: string,
): { readonly at: string; readonly mounted: Mounted; readonly rest: string } | undefined => {
  const found = [...mounted].filter(([at]) => path === at || path.startsWith(`${at}/`));
  const [longest] = found.toSorted(([one], [other]) => other.length - one.length);
  return longest && { at: longest[0], mounted: longest[1], rest: path.slice(longest[0].length + 1) };
};

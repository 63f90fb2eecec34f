import { Refusal, refusal } from './replies.ts';

const CAPABILITIES = ['create', 'read', 'update', 'patch', 'delete', 'list', 'scan', 'sudo', 'deny'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Rights on the paths that a pattern matches. A pattern can have `+` for one segment, and `*` at its end. */
export interface Rule {
  readonly pattern: string;
  readonly capabilities: ReadonlySet<Capability>;
}

const BLOCK = /path\s+"([^"]+)"\s*\{([^}]*)\}/g;
const LIST = /^\s*(?:capabilities|policy)\s*=\s*\[([^\]]*)\]\s*$/;

/**
 * Parses the part of HCL that policies are written in: paths with capabilities. Parameters and other attributes are
 * rejected, because ignoring them would let tests pass wrongly.
 */
export const parsePolicy = (text: string): Rule[] => {
  const withoutComments = text.replaceAll(/^\s*#.*$/gm, '');
  const rules = [...withoutComments.matchAll(BLOCK)].map(([, pattern = '', body = '']) => ({
    pattern,
    capabilities: parseCapabilities(pattern, body),
  }));
  if (withoutComments.replaceAll(BLOCK, '').trim() !== '') throw unparsed('the simulator supports only path blocks');
  return rules;
};

const parseCapabilities = (pattern: string, body: string): ReadonlySet<Capability> => {
  const listed = LIST.exec(body)?.[1];
  if (listed === undefined) throw unparsed(`path "${pattern}": the simulator supports only capabilities`);
  const names = [...listed.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);
  return new Set(names.map((name) => known(pattern, name)));
};

const known = (pattern: string, name: string): Capability => {
  const capability = CAPABILITIES.find((one) => one === name);
  if (capability !== undefined) return capability;
  throw unparsed(`path "${pattern}": path "${pattern}": invalid capability "${name}"`);
};

const unparsed = (problem: string) => new Refusal(refusal(400, `failed to parse policy: ${problem}`));

/** Every token has it unless its role opts out. Only the part that clients of secrets need. */
export const DEFAULT_POLICY = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
`;

/**
 * Returns the capabilities on a path. The most specific pattern decides alone; rules of several policies with the same
 * pattern add up, and a `deny` among them wins. Source: OpenBao, "Policies", priority matching.
 */
export const capabilitiesOn = (rules: readonly Rule[], path: string): ReadonlySet<Capability> => {
  const matching = rules.filter(({ pattern }) => isMatch(pattern, path));
  const [best, ...others] = matching.map(({ pattern }) => pattern);
  if (best === undefined) return new Set();
  const chosen = others.reduce((one, other) => (isLower(one, other) ? other : one), best);
  const all = matching.filter(({ pattern }) => pattern === chosen).flatMap(({ capabilities }) => [...capabilities]);
  return all.includes('deny') ? new Set() : new Set(all);
};

const isMatch = (pattern: string, path: string): boolean => {
  const isPrefix = pattern.endsWith('*');
  const fixed = (isPrefix ? pattern.slice(0, -1) : pattern).split('+').map(escapeExpression).join('[^/]+');
  return new RegExp(`^${fixed}${isPrefix ? '' : '$'}`, 's').test(path);
};

const escapeExpression = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const isLower = (one: string, other: string): boolean => {
  const [mine, theirs] = [rankOf(one), rankOf(other)];
  const index = mine.findIndex((value, position) => value !== theirs[position]);
  return index === -1 ? one < other : (mine[index] ?? 0) < (theirs[index] ?? 0);
};

/** The earlier the first wildcard, a `*` at the end, the more `+`, and the shorter, the lower the rank. */
const rankOf = (pattern: string): readonly number[] => {
  const first = pattern.search(/[+*]/);
  return [
    first === -1 ? Number.POSITIVE_INFINITY : first,
    pattern.endsWith('*') ? 0 : 1,
    -(pattern.split('+').length - 1),
    pattern.length,
  ];
};

/** True if any rule is about paths below a mount, which is enough to see that it exists. Even a denial is. */
export const seesMount = (rules: readonly Rule[], mount: string): boolean =>
  rules.some(({ pattern }) => {
    const [fixed = ''] = pattern.split(/[+*]/);
    return fixed.startsWith(mount) || (fixed !== pattern && mount.startsWith(fixed));
  });

import { type Fields, isFields } from './calls.ts';
import { flagIn, secondsIn, textIn, textsIn } from './fields.ts';
import { createKeySource, type KeySource } from './issuer.ts';
import { audiencesOf, checkClaims, type IssuerKey, notVerified, parseJwt, TokenProblem } from './jwt.ts';
import { ABSENT, answer, NO_CONTENT, Refusal, type Reply, refusal } from './replies.ts';
import { DEFAULT_TTL_SECONDS } from './times.ts';

interface Role {
  readonly fields: Fields;
  readonly type: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly claims: Readonly<Record<string, readonly unknown[]>>;
  readonly claimsType: 'string' | 'glob';
  readonly userClaim: string;
  readonly policies: readonly string[];
  readonly ttlSeconds: number;
  readonly maxTtlSeconds: number;
}

/** Token to issue after a sign-in. */
export interface SignIn {
  readonly policies: readonly string[];
  readonly ttlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly displayName: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** Sign-in by JSON Web Token, at one mount. */
export class JwtAuth {
  readonly #now: () => number;
  readonly #roles = new Map<string, Role>();
  #config: { readonly issuer: string; readonly keys: KeySource } | undefined;
  #cached: readonly IssuerKey[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  async configure(fields: Fields): Promise<Reply> {
    const keys = await createKeySource(fields);
    this.#config = { issuer: textIn(fields, 'bound_issuer'), keys };
    this.#cached = [];
    return NO_CONTENT;
  }

  writeRole(name: string, fields: Fields): Reply {
    const role = parseRole(fields);
    const isBound = role.audiences.length > 0 || role.subject !== '' || Object.keys(role.claims).length > 0;
    if (!isBound) {
      return refusal(400, 'must have at least one bound constraint when creating/updating a role');
    }
    if (role.maxTtlSeconds > 0 && role.ttlSeconds > role.maxTtlSeconds) {
      return refusal(400, "'token_ttl' cannot be greater than 'token_max_ttl'");
    }
    this.#roles.set(name, role);
    return NO_CONTENT;
  }

  readRole(name: string): Reply {
    const role = this.#roles.get(name);
    return role === undefined ? ABSENT : answer({ data: role.fields });
  }

  async login(fields: Fields): Promise<SignIn> {
    if (this.#config === undefined) throw new Refusal(refusal(400, 'could not load configuration'));
    const name = textIn(fields, 'role');
    if (name === '') throw new Refusal(refusal(400, 'missing role'));
    const role = this.#roles.get(name);
    if (role === undefined) throw new Refusal(refusal(400, `role "${name}" could not be found`));
    if (role.type !== 'jwt') throw new Refusal(refusal(400, 'role with oidc role_type is not allowed'));
    const token = textIn(fields, 'jwt');
    if (token === '') throw new Refusal(refusal(400, 'missing token'));
    const claims = await this.#verify(token, role, this.#config);
    const problem = claimProblem(role, claims);
    if (problem !== undefined) throw new Refusal(refusal(400, problem));
    const user = claims[role.userClaim];
    if (user === undefined) throw new Refusal(refusal(400, `claim "${role.userClaim}" not found in token`));
    return {
      policies: role.policies,
      ttlSeconds: role.ttlSeconds || DEFAULT_TTL_SECONDS,
      maxTtlSeconds: role.maxTtlSeconds || DEFAULT_TTL_SECONDS,
      displayName: String(user),
      meta: { role: name },
    };
  }

  async #verify(token: string, role: Role, { issuer, keys }: { issuer: string; keys: KeySource }): Promise<Fields> {
    try {
      const { claims, isSignedBy } = parseJwt(token);
      if (!isSignedBy(this.#cached)) {
        this.#cached = await keys.fetchKeys().catch(() => {
          throw notVerified();
        });
        if (!isSignedBy(this.#cached)) throw notVerified();
      }
      checkClaims(claims, { issuer, subject: role.subject, audiences: role.audiences }, this.#now());
      return claims;
    } catch (thrown) {
      if (!(thrown instanceof TokenProblem)) throw thrown;
      throw new Refusal(refusal(400, `error validating token: ${thrown.message}`));
    }
  }
}

const parseRole = (fields: Fields): Role => {
  const claims = isFields(fields['bound_claims']) ? fields['bound_claims'] : {};
  const policies = textsIn(fields, 'token_policies');
  const all = flagIn(fields, 'token_no_default_policy') === true ? policies : ['default', ...policies];
  return {
    fields,
    type: textIn(fields, 'role_type') || 'oidc',
    audiences: textsIn(fields, 'bound_audiences'),
    subject: textIn(fields, 'bound_subject'),
    claims: Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, [value].flat()])),
    claimsType: fields['bound_claims_type'] === 'glob' ? 'glob' : 'string',
    userClaim: textIn(fields, 'user_claim'),
    policies: [...new Set(all)].toSorted(),
    ttlSeconds: secondsIn(fields, 'token_ttl') ?? 0,
    maxTtlSeconds: secondsIn(fields, 'token_max_ttl') ?? 0,
  };
};

const claimProblem = ({ audiences, claims: bound, claimsType }: Role, claims: Fields): string | undefined => {
  if (audiences.length === 0 && audiencesOf(claims).length > 0) {
    return 'audience claim found in JWT but no audiences bound to the role';
  }
  for (const [name, wanted] of Object.entries(bound)) {
    const value = claimAt(claims, name);
    if (value === undefined) return `error validating claims: claim "${name}" is missing`;
    const isMatch = [value].flat().some((one) => wanted.some((other) => isClaim(one, other, claimsType)));
    if (!isMatch) return `error validating claims: claim "${name}" does not match any associated bound claim values`;
  }
  return undefined;
};

const isClaim = (value: unknown, wanted: unknown, type: Role['claimsType']): boolean => {
  if (type === 'string' || typeof value !== 'string') return value === wanted;
  const pieces = String(wanted)
    .split('*')
    .map((piece) => piece.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pieces.join('.*')}$`, 's').test(value);
};

/** A claim by its name, or by a JSON pointer if the name begins with a slash. */
const claimAt = (claims: Fields, name: string): unknown => {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined;
  const keys = name
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>(
    (value, key) => (isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    claims,
  );
};

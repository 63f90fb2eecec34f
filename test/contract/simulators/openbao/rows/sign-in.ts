import { expect } from 'vitest';
import * as z from 'zod';
import type { SigningAlgorithm } from '#local/aws/sts/issuer.ts';
import { createGetWebIdentityToken } from '#local/aws/sts/web-identity.ts';
import { answered, DENIED, NO_CONTENT, read, refused, UNAUTHENTICATED, written } from '../answers.ts';
import type { Answer, Bench } from '../bench.ts';
import type { Rows } from '../openbao.ts';

const AUDIENCE = 'https://openbao.example';
const SUBJECT = 'arn:aws:iam::111122223333:role/relay';
const KEY_SET = '/.well-known/jwks.json';

/** Sorts after `default`, whose place in the answers is by the alphabet. */
const policyOf = (name: string): string => `relay-${name}`;

/** A sign-in that trusts the local STS, with a role `relay`, at a mount of its own. */
const setUp = async ({ admin, call, issuer, name }: Bench, role: Readonly<Record<string, unknown>> = {}) => {
  await admin(`sys/auth/${name}`, { type: 'jwt' });
  await admin(`auth/${name}/config`, { jwks_url: `${issuer.url}${KEY_SET}`, bound_issuer: issuer.url });
  await admin(`sys/policies/acl/${policyOf(name)}`, {
    policy: `path "secret/data/${name}/*" { capabilities = ["create", "read"] }`,
  });
  await admin(`auth/${name}/role/relay`, {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [AUDIENCE],
    bound_subject: SUBJECT,
    token_policies: [policyOf(name)],
    token_ttl: '600s',
    ...role,
  });
  const login = (jwt: string, body: Readonly<Record<string, unknown>> = {}): Promise<Answer> =>
    call('POST', `auth/${name}/login`, { token: 'none', body: { role: 'relay', jwt, ...body } });
  return { login };
};

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const claims = ({ issuer }: Bench, changed: Readonly<Record<string, unknown>> = {}) => ({
  iss: issuer.url,
  sub: SUBJECT,
  aud: AUDIENCE,
  iat: nowSeconds(),
  exp: nowSeconds() + 300,
  jti: 'id',
  'https://sts.amazonaws.com/': { aws_account: '111122223333', principal_id: SUBJECT },
  ...changed,
});

/** A token as the local STS issues it to a function with the role. */
const tokenOfSts = ({ issuer }: Bench, SigningAlgorithm: SigningAlgorithm): string =>
  createGetWebIdentityToken({
    federation: { issuer, enabled: true },
    sessions: { find: () => undefined },
    principalOf: () => ({ account: '111122223333', arn: SUBJECT }),
    functionArnOf: () => 'arn:aws:lambda:us-east-1:111122223333:function:relay',
    now: Date.now,
  })('relay', {
    Action: 'GetWebIdentityToken',
    Version: '2011-06-15',
    'Audience.member.1': AUDIENCE,
    SigningAlgorithm,
  }).WebIdentityToken;

const tokenIn = ({ body }: Answer): string =>
  z.object({ auth: z.object({ client_token: z.string() }) }).parse(body).auth.client_token;

const signedIn = (policies: readonly string[], leaseSeconds: number): Answer =>
  answered({
    auth: {
      client_token: expect.stringMatching(/^s\./),
      accessor: expect.any(String),
      policies,
      token_policies: policies,
      metadata: { role: 'relay' },
      lease_duration: leaseSeconds,
      renewable: true,
      entity_id: expect.any(String),
      token_type: 'service',
      orphan: true,
      mfa_requirement: null,
      num_uses: 0,
    },
  });

const invalid = (problem: string) => refused(400, `error validating token: ${problem}`);
const SIGNATURE = 'error verifying token signature';

/** Sign-in by the web identity tokens of the local STS. */
export const signIn: Rows = {
  'a token of the local STS, by either algorithm, gets the policies and the life of its role': async (bench) => {
    const { call, name } = bench;
    const { login } = await setUp(bench);
    expect(await login(tokenOfSts(bench, 'RS256'))).toEqual(signedIn(['default', policyOf(name)], 600));
    const answer = await login(tokenOfSts(bench, 'ES384'));
    expect(answer).toEqual(signedIn(['default', policyOf(name)], 600));
    const token = tokenIn(answer);
    const body = { data: { x: '1' }, options: { cas: 0 } };
    expect(await call('POST', `secret/data/${name}/x`, { token, body })).toEqual(written(1));
    expect(await call('GET', `secret/data/${name}/x`, { token })).toEqual(read({ x: '1' }, 1));
    expect(await call('GET', `secret/data/other`, { token })).toEqual(DENIED);
    expect(await call('GET', 'auth/token/lookup-self', { token })).toMatchObject({
      status: 200,
      body: {
        data: {
          path: `auth/${name}/login`,
          policies: ['default', policyOf(name)],
          meta: { role: 'relay' },
          creation_ttl: 600,
        },
      },
    });
    expect(await call('POST', 'auth/token/revoke-self', { token })).toEqual(NO_CONTENT);
    expect(await call('GET', `secret/data/${name}/x`, { token })).toEqual(UNAUTHENTICATED);
  },

  'the keys are found by the key set or by the description of the issuer': async (bench) => {
    const { admin, call, issuer, name } = bench;
    const { login } = await setUp(bench);
    await admin(`auth/${name}/config`, { oidc_discovery_url: issuer.url, bound_issuer: issuer.url });
    expect(await login(issuer.sign(claims(bench), 'ES384'))).toMatchObject({ status: 200 });
    const configure = (body: unknown) => call('POST', `auth/${name}/config`, { body });
    expect(await configure({ jwks_url: `${issuer.url}/none` })).toEqual(refused(400, 'error checking jwks URL'));
    expect(await configure({ oidc_discovery_url: `${issuer.url}/none` })).toMatchObject({
      status: 400,
      body: { errors: [expect.stringContaining('error checking oidc discovery URL: ')] },
    });
    expect(await configure({ oidc_discovery_url: issuer.url, jwks_url: `${issuer.url}${KEY_SET}` })).toMatchObject({
      status: 400,
      body: { errors: [expect.stringContaining('exactly one of ')] },
    });
  },

  'a token with another subject, audience, issuer or signature is refused, each with its text': async (bench) => {
    const { issuer } = bench;
    const { login } = await setUp(bench);
    const attempt = (changed: Readonly<Record<string, unknown>>) => login(issuer.sign(claims(bench, changed), 'ES384'));
    expect(await attempt({ sub: 'other' })).toEqual(invalid('invalid subject (sub) claim'));
    const audience = 'invalid audience (aud) claim: audience claim does not match any expected audience';
    expect(await attempt({ aud: 'other' })).toEqual(invalid(audience));
    expect(await attempt({ aud: undefined })).toEqual(invalid(audience));
    expect(await attempt({ aud: ['other', AUDIENCE] })).toMatchObject({ status: 200 });
    expect(await attempt({ iss: 'http://127.0.0.1:1' })).toEqual(invalid('invalid issuer (iss) claim'));
    const [head, , signature] = issuer.sign(claims(bench), 'ES384').split('.');
    const forged = Buffer.from(JSON.stringify(claims(bench, { sub: SUBJECT, jti: 'forged' }))).toString('base64url');
    expect(await login(`${head}.${forged}.${signature}`)).toEqual(
      invalid(`${SIGNATURE}: failed to verify id token signature`),
    );
    expect(await login('text')).toEqual(
      invalid(`${SIGNATURE}: oidc: malformed jwt: go-jose/go-jose: compact JWS format must have three parts`),
    );
  },

  'a token is accepted a minute before and after its time': async (bench) => {
    const { issuer } = bench;
    const { login } = await setUp(bench);
    const at = (iat: number, exp: number) =>
      login(issuer.sign(claims(bench, { iat: nowSeconds() + iat, exp: nowSeconds() + exp }), 'ES384'));
    const expired = invalid('invalid expiration time (exp) claim: token is expired');
    const early = invalid('invalid not before (nbf) claim: token not yet valid');
    expect(await at(-350, -50)).toMatchObject({ status: 200 });
    expect(await at(-370, -70)).toEqual(expired);
    expect(await at(50, 350)).toMatchObject({ status: 200 });
    expect(await at(70, 370)).toEqual(early);
    const timeless = claims(bench, { iat: undefined, exp: undefined });
    expect(await login(issuer.sign(timeless, 'ES384'))).toEqual(
      invalid('no issued at (iat), not before (nbf), or expiration time (exp) claims in token'),
    );
  },

  'a request without a role, a token or a mount is refused': async (bench) => {
    const { call, issuer, name, admin } = bench;
    await admin(`sys/auth/${name}-new`, { type: 'jwt' });
    const { login } = await setUp(bench);
    const jwt = issuer.sign(claims(bench), 'ES384');
    expect(await login(jwt, { role: 'other' })).toEqual(refused(400, 'role "other" could not be found'));
    expect(await login(jwt, { role: undefined })).toEqual(refused(400, 'missing role'));
    expect(await login('')).toEqual(refused(400, 'missing token'));
    const at = (path: string) => call('POST', path, { token: 'none', body: { role: 'relay', jwt } });
    expect(await at(`auth/${name}-none/login`)).toEqual(UNAUTHENTICATED);
    expect(await at(`auth/${name}-new/login`)).toEqual(refused(400, 'could not load configuration'));
    expect(await call('GET', `auth/${name}/login`, { token: 'none' })).toEqual(refused(405, 'unsupported operation'));
  },

  'a role binds several subjects, patterns of them, and the claims of AWS': async (bench) => {
    const { issuer, admin, name } = bench;
    const { login } = await setUp(bench);
    const bind = (bound: Readonly<Record<string, unknown>>) =>
      admin(`auth/${name}/role/bound`, { role_type: 'jwt', user_claim: 'sub', bound_audiences: [AUDIENCE], ...bound });
    const attempt = (changed: Readonly<Record<string, unknown>>) =>
      login(issuer.sign(claims(bench, changed), 'ES384'), { role: 'bound' });
    const unmatched = (claim: string) =>
      refused(400, `error validating claims: claim "${claim}" does not match any associated bound claim values`);
    await bind({ bound_claims: { sub: [SUBJECT, 'second'] } });
    expect(await attempt({ sub: 'second' })).toMatchObject({ status: 200 });
    expect(await attempt({ sub: 'third' })).toEqual(unmatched('sub'));
    await bind({ bound_claims_type: 'glob', bound_claims: { sub: 'arn:aws:iam::111122223333:role/*' } });
    expect(await attempt({})).toMatchObject({ status: 200 });
    expect(await attempt({ sub: 'third' })).toEqual(unmatched('sub'));
    const account = '/https:~1~1sts.amazonaws.com~1/aws_account';
    await bind({ bound_claims_type: 'string', bound_claims: { [account]: '111122223333' } });
    expect(await attempt({})).toMatchObject({ status: 200 });
    expect(await attempt({ 'https://sts.amazonaws.com/': { aws_account: '4' } })).toEqual(unmatched(account));
    expect(await attempt({ 'https://sts.amazonaws.com/': {} })).toEqual(
      refused(400, `error validating claims: claim "${account}" is missing`),
    );
  },

  'a role without a bound audience accepts no token with one': async (bench) => {
    const { issuer } = bench;
    const { login } = await setUp(bench, { bound_audiences: [] });
    expect(await login(issuer.sign(claims(bench), 'ES384'))).toEqual(
      refused(400, 'audience claim found in JWT but no audiences bound to the role'),
    );
  },

  'a token is renewed at most until the maximum of its role': async (bench) => {
    const { call, issuer, name } = bench;
    const { login } = await setUp(bench, { token_ttl: 60, token_max_ttl: 100 });
    const token = tokenIn(await login(issuer.sign(claims(bench), 'ES384')));
    const renew = async (body: unknown) => {
      const { body: answer } = await call('POST', 'auth/token/renew-self', { token, body });
      return z.object({ auth: z.object({ lease_duration: z.number() }) }).parse(answer).auth.lease_duration;
    };
    expect(await renew({})).toBe(60);
    expect(await renew({ increment: '7200s' })).toBeOneOf([98, 99, 100]);
    expect(await call('GET', `secret/data/${name}/x`, { token })).toMatchObject({ status: 404 });
  },

  'a role without the default policy cannot revoke its tokens, and a role that binds nothing is refused': async (
    bench,
  ) => {
    const { call, issuer, name } = bench;
    const { login } = await setUp(bench, { token_no_default_policy: true });
    const answer = await login(issuer.sign(claims(bench), 'ES384'));
    expect(answer).toEqual(signedIn([policyOf(name)], 600));
    expect(await call('POST', 'auth/token/revoke-self', { token: tokenIn(answer) })).toEqual(DENIED);
    const write = (role: unknown) => call('POST', `auth/${name}/role/other`, { body: role });
    expect(await write({ role_type: 'jwt', user_claim: 'sub' })).toEqual(
      refused(400, 'must have at least one bound constraint when creating/updating a role'),
    );
    const bound = { role_type: 'jwt', user_claim: 'sub', bound_subject: 'x' };
    expect(await write({ ...bound, token_ttl: 'soon' })).toMatchObject({ status: 400 });
    expect(await write({ ...bound, token_ttl: 60, token_max_ttl: 30 })).toEqual(
      refused(400, "'token_ttl' cannot be greater than 'token_max_ttl'"),
    );
  },

  'a sign-in in a namespace gets the rights of that namespace only': async (bench) => {
    const { admin, call, issuer, name } = bench;
    await admin(`sys/namespaces/${name}`, {});
    await admin('sys/mounts/kv', { type: 'kv', options: { version: '2' } }, name);
    await admin('sys/auth/aws', { type: 'jwt' }, name);
    await admin('auth/aws/config', { jwks_url: `${issuer.url}${KEY_SET}`, bound_issuer: issuer.url }, name);
    await admin('sys/policies/acl/relay', { policy: 'path "kv/data/*" { capabilities = ["read"] }' }, name);
    await admin(
      'auth/aws/role/relay',
      {
        role_type: 'jwt',
        user_claim: 'sub',
        bound_audiences: [AUDIENCE],
        bound_subject: SUBJECT,
        token_policies: ['relay'],
      },
      name,
    );
    const body = { role: 'relay', jwt: issuer.sign(claims(bench), 'ES384') };
    const answer = await call('POST', 'auth/aws/login', { namespace: name, token: 'none', body });
    expect(answer).toEqual(signedIn(['default', 'relay'], 2_764_800));
    const token = tokenIn(answer);
    expect(await call('GET', 'kv/data/x', { namespace: name, token })).toEqual(refused(404));
    expect(await call('GET', `${name}/kv/data/x`, { token })).toEqual(refused(404));
    expect(await call('GET', 'kv/data/x', { token })).toEqual(DENIED);
    expect(await call('GET', 'none/data/x', { namespace: name, token })).toEqual(DENIED);
    expect(await call('POST', 'auth/token/revoke-self', { namespace: name, token })).toEqual(NO_CONTENT);
    expect(await call('POST', 'auth/aws/login', { token: 'none', body })).toEqual(UNAUTHENTICATED);
  },
};

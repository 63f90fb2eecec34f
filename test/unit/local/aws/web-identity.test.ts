import { createPublicKey, verify } from 'node:crypto';
import { GetWebIdentityTokenCommand, type GetWebIdentityTokenCommandInput, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createPermissions } from '#local/aws/permissions/permissions.ts';
import { parsePolicy } from '#local/aws/permissions/statement.ts';
import { stsNeeds } from '#local/aws/permissions/sts-needs.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { startIssuer } from '#local/aws/sts/issuer.ts';
import { createRoles } from '#local/aws/sts/roles.ts';
import { createSts } from '#local/aws/sts/server.ts';
import { createSessions } from '#local/aws/sts/sessions.ts';
import { parseTemplate } from '#local/aws/template/template.ts';
import { createWebIdentityTokens, webIdentityPermission } from '#shared/aws/web-identity-token.ts';

const AUDIENCE = 'https://openbao.example';
const CLAIMS = 'https://sts.amazonaws.com/';
const NOW_MS = Date.parse('2026-11-28T00:00:00.500Z');
const { actions, resources, conditions } = webIdentityPermission(AUDIENCE);
const statement = { Effect: 'Allow', Action: actions, Resource: resources, Condition: conditions };
const template = {
  Resources: {
    Step: {
      Type: 'AWS::Lambda::Function',
      Properties: { FunctionName: 'step', Role: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Policies: [{ PolicyName: 'all', PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }],
      },
    },
  },
};

const now = () => NOW_MS;
const server = await startAwsServer(0, now);
afterAll(() => server.close());
const issuer = await startIssuer();
afterAll(() => issuer.close());
const { endpoint } = server;
const [roles, sessions] = [createRoles(), createSessions(now)];
const permissions = createPermissions(parseTemplate({ stackName: 'relay', json: template, endpoint }), {
  roles,
  sessions,
});
server.recognise({ refusalOf: sessions.refusalOf, accountOf: () => '000000000000' });
server.guard(async (call) => permissions.check(call.caller, stsNeeds(new URLSearchParams(await call.body()))));
const federation = { issuer, enabled: true };
const { principalOf, functionArnOf } = permissions;
server.serve('sts', createSts({ roles, sessions, principalOf, now }, { federation, functionArnOf }));

const clientOf = (accessKeyId: string) =>
  new STSClient({
    ...localClientConfig(endpoint),
    credentials: { accessKeyId, secretAccessKey: 'local' },
    maxAttempts: 1,
  });
const step = clientOf('step');
const operator = clientOf('operator');
const request = (client: STSClient, input: Partial<GetWebIdentityTokenCommandInput> = {}) =>
  client.send(
    new GetWebIdentityTokenCommand({ Audience: [AUDIENCE], SigningAlgorithm: 'ES384', DurationSeconds: 300, ...input }),
  );

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) });
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });
const read = async (url: string): Promise<unknown> => (await fetch(url)).json();

/** Verifies a token like a remote system: by the key set that the issuer describes. Returns the claims. */
const verified = async (token: string): Promise<unknown> => {
  const { issuer: described, jwks_uri } = discoverySchema.parse(
    await read(`${issuer.url}/.well-known/openid-configuration`),
  );
  expect(described).toBe(issuer.url);
  const { keys } = keySetSchema.parse(await read(jwks_uri));
  const [head = '', payload = '', signature = ''] = token.split('.');
  const { kid, alg } = z
    .object({ kid: z.string(), alg: z.string() })
    .parse(JSON.parse(Buffer.from(head, 'base64url').toString()));
  const jwk = keys.find((key) => key.kid === kid);
  const isSigned = verify(
    alg === 'ES384' ? 'sha384' : 'sha256',
    Buffer.from(`${head}.${payload}`),
    { key: createPublicKey({ key: { ...jwk }, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  expect(isSigned).toBe(true);
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
};

beforeEach(() => {
  federation.enabled = true;
});

describe('GetWebIdentityToken', () => {
  it('returns a token about the role of the function, which the published keys verify', async () => {
    const tokens = createWebIdentityTokens({ onCall: () => {}, now, client: step });
    const role = expect.stringMatching(/^arn:aws:iam::000000000000:role\//);
    expect(await verified((await tokens.tokenFor(AUDIENCE)).reveal())).toEqual({
      iss: issuer.url,
      sub: role,
      aud: AUDIENCE,
      iat: Math.floor(NOW_MS / 1000),
      exp: Math.floor(NOW_MS / 1000) + 300,
      jti: expect.any(String),
      [CLAIMS]: {
        aws_account: '000000000000',
        source_region: 'us-east-1',
        principal_id: role,
        lambda_source_function_arn: expect.stringMatching(/:function:step$/),
      },
    });
  });

  it('returns a token for several audiences, signed by RSA, with tags', async () => {
    const { WebIdentityToken: token = '', Expiration } = await request(operator, {
      Audience: [AUDIENCE, 'other'],
      SigningAlgorithm: 'RS256',
      DurationSeconds: 3600,
      Tags: [{ Key: 'job', Value: '7' }],
    });
    expect(Expiration?.getTime()).toBe(NOW_MS + 3_600_000);
    expect(await verified(token)).toMatchObject({
      aud: [AUDIENCE, 'other'],
      [CLAIMS]: { request_tags: { job: '7' } },
    });
  });

  it.each([
    ['another audience', { Audience: ['https://other.example'] }],
    ['another audience beside its own', { Audience: [AUDIENCE, 'https://other.example'] }],
    ['a longer life', { DurationSeconds: 301 }],
    ['another algorithm', { SigningAlgorithm: 'RS256' }],
    ['tags', { Tags: [{ Key: 'job', Value: '7' }] }],
  ])('is denied to a function that asks for %s', async (_what, input) => {
    await expect(request(step, input)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('GetWebIdentityToken on resource: *'),
    });
  });

  it.each([
    ['no audience', { Audience: [] }],
    ['eleven audiences', { Audience: Array.from({ length: 11 }, (_, index) => `a${index}`) }],
    ['a long audience', { Audience: ['a'.repeat(1001)] }],
    ['59 seconds', { DurationSeconds: 59 }],
    ['3,601 seconds', { DurationSeconds: 3601 }],
    ['another algorithm', { SigningAlgorithm: 'HS256' }],
  ])('is refused with %s', async (_what, input) => {
    await expect(request(operator, input)).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('is refused until an administrator enables the federation of the account', async () => {
    federation.enabled = false;
    const tokens = createWebIdentityTokens({ onCall: () => {}, now, client: step });
    await expect(tokens.tokenFor(AUDIENCE)).rejects.toMatchObject({ name: 'FederationDisabled' });
    federation.enabled = true;
    expect(await tokens.tokenFor(AUDIENCE)).toBeDefined();
  });

  it('about an assumed role names that role, and is refused beyond the end of the session', async () => {
    const arn = 'arn:aws:iam::111122223333:role/relay/deliveries';
    const allowed = { Effect: 'Allow', Action: 'sts:GetWebIdentityToken', Resource: '*' };
    const statements = parsePolicy({ Version: '2012-10-17', Statement: allowed });
    const role = { arn, account: '111122223333', trust: [], statements, maxSessionSeconds: 3600 };
    const session = clientOf(sessions.start({ role, name: 's', expiresAt: NOW_MS + 299_000 }).accessKeyId);
    await expect(request(session)).rejects.toMatchObject({ name: 'SessionDurationEscalationException' });
    const { WebIdentityToken: token = '' } = await request(session, { DurationSeconds: 299 });
    expect(await verified(token)).toMatchObject({ sub: arn, [CLAIMS]: { aws_account: '111122223333' } });
  });
});

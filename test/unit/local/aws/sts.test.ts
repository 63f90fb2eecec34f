import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, describe, expect, it } from 'vitest';
import { createPermissions } from '#local/aws/permissions/permissions.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { createRoles } from '#local/aws/sts/roles.ts';
import { createSts } from '#local/aws/sts/server.ts';
import { createSessions } from '#local/aws/sts/sessions.ts';
import { parseTemplate } from '#local/aws/template/template.ts';

const ROLE = 'arn:aws:iam::111122223333:role/relay/deliveries';
const policy = (statement: object) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
const template = {
  Resources: {
    Step: {
      Type: 'AWS::Lambda::Function',
      Properties: { FunctionName: 'step', Role: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Policies: [{ PolicyName: 'all', PolicyDocument: policy({ Action: 'sts:AssumeRole', Resource: [ROLE] }) }],
      },
    },
  },
};

let nowMs = Date.parse('2026-11-28T00:00:00Z');
const now = () => nowMs;
const server = await startAwsServer(0, now);
afterAll(() => server.close());
const { endpoint } = server;
const [roles, sessions] = [createRoles(), createSessions(now)];
const permissions = createPermissions(parseTemplate({ stackName: 'relay', json: template, endpoint }), {
  roles,
  sessions,
});
server.recognise({ ...sessions, accountOf: (caller) => permissions.principalOf(caller).account });
server.guard(async (call) => {
  const form = new URLSearchParams(await call.body());
  if (form.get('Action') !== 'AssumeRole') return undefined;
  return permissions.check(call.caller, [{ action: 'sts:AssumeRole', resource: form.get('RoleArn') ?? '*' }]);
});
server.serve('sts', createSts({ roles, sessions, principalOf: permissions.principalOf, now }));

const addRole = (condition: object, principal = 'arn:aws:iam::000000000000:root') =>
  roles.add({
    arn: ROLE,
    trust: policy({ Principal: { AWS: principal }, Action: 'sts:AssumeRole', Condition: condition }),
    policies: [policy({ Action: 'secretsmanager:ListSecrets', Resource: '*' })],
  });
const withExternalId = { StringEquals: { 'sts:ExternalId': 'relay-7' } };

const clientOf = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) =>
  new STSClient({ ...localClientConfig(endpoint), credentials, maxAttempts: 1, systemClockOffset: 0 });
const step = clientOf({ accessKeyId: 'step', secretAccessKey: 'local' });
const assume = (input: Partial<AssumeRoleCommandInput> = {}) =>
  step.send(
    new AssumeRoleCommand({
      RoleArn: ROLE,
      RoleSessionName: 'relay',
      ExternalId: 'relay-7',
      DurationSeconds: 900,
      ...input,
    }),
  );

describe('AssumeRole', () => {
  it('returns credentials of the other account, which end', async () => {
    addRole(withExternalId);
    const { Credentials: given, AssumedRoleUser: user } = await assume();
    expect(user?.Arn).toBe('arn:aws:sts::111122223333:assumed-role/deliveries/relay');
    expect(given?.Expiration?.getTime()).toBe(nowMs + 900_000);
    const {
      AccessKeyId: accessKeyId = '',
      SecretAccessKey: secretAccessKey = '',
      SessionToken: sessionToken = '',
    } = given ?? {};
    const session = clientOf({ accessKeyId, secretAccessKey, sessionToken });
    expect(await session.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '111122223333',
      Arn: user?.Arn,
    });
    expect(permissions.check(accessKeyId, [{ action: 'secretsmanager:ListSecrets', resource: '*' }])).toBeUndefined();
    expect(permissions.check(accessKeyId, [{ action: 'secretsmanager:DeleteSecret', resource: '*' }])).toContain(
      'no identity-based policy allows',
    );
    nowMs += 900_000;
    await expect(session.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'ExpiredToken',
    });
  });

  const isRelay = { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::000000000000:role/relay-*' } };
  it.each([
    ['without the external id', withExternalId, { ExternalId: undefined }],
    ['with another external id', withExternalId, { ExternalId: 'relay-8' }],
    ['by another principal', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::000000000000:role/other-*' } }, {}],
    ['of a role that does not exist', {}, { RoleArn: 'arn:aws:iam::111122223333:role/relay/gone' }],
  ])('is refused %s', async (_how, condition, input) => {
    addRole(condition);
    await expect(assume(input)).rejects.toMatchObject({ name: 'AccessDenied' });
    addRole({ ...withExternalId, ...isRelay });
    expect(await assume()).toHaveProperty('Credentials');
  });

  it('is refused for an account that the role does not trust, and for a role that the policy of the caller does not name', async () => {
    addRole(withExternalId, 'arn:aws:iam::444455556666:root');
    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });
    const other = 'arn:aws:iam::111122223333:role/other';
    await expect(assume({ RoleArn: other })).rejects.toThrow(`sts:AssumeRole on resource: ${other}`);
  });

  it.each([899, 3601])('is refused for %d seconds', async (DurationSeconds) => {
    addRole(withExternalId);
    await expect(assume({ DurationSeconds })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

it('an access key that STS never issued is refused', async () => {
  const unknown = clientOf({ accessKeyId: 'ASIAUNKNOWN', secretAccessKey: 'x' });
  await expect(unknown.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
  });
});

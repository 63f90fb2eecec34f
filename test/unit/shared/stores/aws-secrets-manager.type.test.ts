import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from 'vitest';
import { evaluate } from '#local/aws/permissions/evaluate.ts';
import { parsePolicy } from '#local/aws/permissions/statement.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import type { StoreUse } from '#shared/stores/store.ts';
import { mockAws } from '#test/support/aws-mock.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { delivery, NAME, OWNER, stamp } from './aws-secrets-manager.scene.ts';

const STACK_KEY = 'arn:aws:kms:eu-central-1:000000000000:key/stack';
const OWN_KEY = 'arn:aws:kms:eu-central-1:000000000000:key/own';

const tagged = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, `value ${index}`]));

test('the type is known to relay.yaml as aws-secrets-manager', async () => {
  expect(await STORE_TYPES['aws-secrets-manager']?.()).toBe(awsSecretsManager);
});

describe('its settings', () => {
  const { settings } = awsSecretsManager;

  test('accept the full ARN of a key', () => {
    const named = { type: 'aws-secrets-manager', kmsKeyArn: OWN_KEY };
    expect(settings.parse(named)).toEqual({ ...named, tags: {}, writesPerSecond: 40 });
    expect(settings.parse({ type: 'aws-secrets-manager' })).not.toHaveProperty('kmsKeyArn');
  });

  test.each([1, 50, 'unlimited'])('accept %s writes per second', (writesPerSecond) => {
    expect(settings.parse({ type: 'aws-secrets-manager', writesPerSecond })).toMatchObject({ writesPerSecond });
  });

  test('accept the tags that AWS allows, beside the one of the relay', () => {
    const tags = { ...tagged(47), ['Größe/ä é_.:/=+-@'.padEnd(128, 'k')]: 'v'.repeat(256), awsome: '' };
    expect(settings.parse({ type: 'aws-secrets-manager', tags })).toMatchObject({ tags });
  });

  test.each([
    { kmsKeyArn: 'alias/key' },
    { kmsKeyArn: 'own' },
    { key: OWN_KEY },
    { writesPerSecond: 0 },
    { writesPerSecond: 51 },
    { writesPerSecond: 1.5 },
    { tags: { '': 'x' } },
    { tags: { ['k'.repeat(129)]: 'x' } },
    { tags: { key: 'v'.repeat(257) } },
    { tags: { key: 1234 } },
    { tags: { team: '東京' } },
    { tags: { Zażółć: 'x' } },
    { tags: { 'a*': 'x' } },
    { tags: { key: '$' } },
    { tags: { 'aws:key': 'x' } },
    { tags: { 'AWS:key': 'x' } },
    { tags: { 'pam-relay:owner': 'x' } },
    { tags: { 'PAM-Relay:other': 'x' } },
    { tags: { Team: 'x', team: 'x' } },
    { tags: tagged(50) },
  ])('do not accept %j', (setting) => {
    expect(settings.safeParse({ type: 'aws-secrets-manager', ...setting }).success).toBe(false);
  });
});

describe('a connected store', () => {
  const aws = mockAws(SecretsManagerClient);
  beforeEach(() => {
    aws.on(CreateSecretCommand).resolves({ ARN: 'x', VersionId: stamp(1) });
    aws
      .on(GetSecretValueCommand)
      .resolves({ ARN: 'x', SecretString: 'canary-3f1c of 1', VersionStages: ['AWSCURRENT'] });
  });

  test.each([
    ['relay.yaml', OWN_KEY, STACK_KEY, OWN_KEY],
    ['the stack', undefined, STACK_KEY, STACK_KEY],
    ['the account', undefined, undefined, undefined],
  ])('encrypts new secrets with the key of %s', async (_whose, kmsKeyArn, encryptionKey, KmsKeyId) => {
    const settings = { type: 'aws-secrets-manager', kmsKeyArn, tags: { team: 'pam' }, writesPerSecond: 40 } as const;
    await awsSecretsManager.connect(settings, { owner: OWNER, encryptionKey, ...UNPACED }).deliver(delivery(1));
    const { input } = aws.commandCalls(CreateSecretCommand)[0]?.args[0] ?? {};
    expect(input).toMatchObject({
      Name: NAME,
      Tags: [
        { Key: 'pam-relay:owner', Value: OWNER },
        { Key: 'team', Value: 'pam' },
      ],
    });
    expect(input?.KmsKeyId).toBe(KmsKeyId);
  });
});

describe('the permissions', () => {
  const scope = {
    prefixes: ['prod/', 'dev/'],
    owners: 'relay.000000000000.eu-central-1/*',
    session: 'sdr',
    encryptionKey: STACK_KEY,
    partition: 'aws-cn',
    region: 'cn-north-1',
    account: '000000000000',
  };
  const permissions = (
    use: StoreUse,
    overrides: Partial<typeof scope> = {},
    kmsKeyArn?: string,
    tags: Readonly<Record<string, string>> = {},
  ) =>
    awsSecretsManager.grants({ type: 'aws-secrets-manager', kmsKeyArn, tags, writesPerSecond: 40 }, use, {
      ...scope,
      ...overrides,
    });
  const actions = (use: StoreUse) => permissions(use).flatMap((permission) => permission.actions);

  test.each<[StoreUse, string[]]>([
    ['list', ['secretsmanager:ListSecrets']],
    ['inspect', ['secretsmanager:DescribeSecret']],
    [
      'deliver',
      [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'kms:Decrypt',
        'secretsmanager:CreateSecret',
        'secretsmanager:TagResource',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
        'secretsmanager:RestoreSecret',
        'kms:GenerateDataKey',
      ],
    ],
    [
      'retire',
      ['secretsmanager:DescribeSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:RemoveRegionsFromReplication'],
    ],
  ])('to %s are these and no others', (use, expected) => {
    expect(actions(use)).toEqual(expected);
  });

  test('cover only secrets whose names begin with the prefix in relay.yaml, and explain why that is a pattern', () => {
    for (const use of ['inspect', 'deliver', 'retire'] as const) {
      for (const { actions: allowed, resources, pattern } of permissions(use)) {
        if (allowed.some((action) => action.startsWith('kms:'))) continue;
        expect(resources).toEqual([
          'arn:aws-cn:secretsmanager:cn-north-1:000000000000:secret:prod/*',
          'arn:aws-cn:secretsmanager:cn-north-1:000000000000:secret:dev/*',
        ]);
        expect(pattern).toContain('relay.yaml');
      }
    }
  });

  test('cover all secrets only for listing, which AWS cannot limit', () => {
    expect(permissions('list')).toMatchObject([
      { resources: ['*'], pattern: expect.stringContaining('never a value') },
    ]);
  });

  test('cover nothing without a prefix, except listing', () => {
    const uses = ['list', 'inspect', 'deliver', 'retire'] as const;
    expect(uses.map((use) => permissions(use, { prefixes: [] }).length)).toEqual([1, 0, 0, 0]);
  });

  test('allow reading, changing and deleting only with the owner tag', () => {
    const tagged = { StringLike: { 'aws:ResourceTag/pam-relay:owner': scope.owners } };
    const conditions = [...permissions('deliver'), ...permissions('retire')].flatMap((permission) =>
      permission.actions.map((action) => [action.replace('secretsmanager:', ''), permission.conditions] as const),
    );
    for (const action of [
      'GetSecretValue',
      'PutSecretValue',
      'UpdateSecretVersionStage',
      'RestoreSecret',
      'DeleteSecret',
    ]) {
      expect(conditions.filter(([allowed]) => allowed === action)).toEqual([[action, tagged]]);
    }
  });

  test('allow creating and tagging only with the owner tag, and never for secrets of another relay', () => {
    const asOurs = {
      StringLike: { 'aws:RequestTag/pam-relay:owner': scope.owners },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['pam-relay:owner'] },
    };
    const conditionsOf = (action: string) =>
      permissions('deliver').find(({ actions: allowed }) => allowed.includes(`secretsmanager:${action}`))?.conditions;
    expect(conditionsOf('CreateSecret')).toEqual(asOurs);
    expect(conditionsOf('TagResource')).toEqual({
      ...asOurs,
      StringLikeIfExists: { 'aws:ResourceTag/pam-relay:owner': scope.owners },
    });
  });

  test('allow creating and tagging only with exactly the tags of relay.yaml', () => {
    const conditions = permissions('deliver', {}, undefined, { team: 'pam', 'cost center': '1234' }).flatMap(
      ({ actions: [action = ''], conditions: each }) => (/Create|Tag/.test(action) ? [each] : []),
    );
    expect(conditions).toHaveLength(2);
    for (const condition of conditions) {
      expect(condition).toMatchObject({
        StringLike: { 'aws:RequestTag/pam-relay:owner': scope.owners },
        StringEquals: { 'aws:RequestTag/team': 'pam', 'aws:RequestTag/cost center': '1234' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['pam-relay:owner', 'team', 'cost center'] },
      });
    }
  });

  test.each<[string, Record<string, string>, string]>([
    ['allow a new secret with the tags of relay.yaml', { team: 'pam' }, 'allowed'],
    ['deny a new secret with one tag too few', {}, 'not-allowed'],
    ['deny a new secret with one tag too many', { team: 'pam', access: 'all' }, 'not-allowed'],
    ['deny a new secret with another value', { team: 'all' }, 'not-allowed'],
  ])('%s', (_what, tags, expected) => {
    const statements = permissions('deliver', {}, undefined, { team: 'pam' }).map((permission) => ({
      Effect: 'Allow',
      Action: permission.actions,
      Resource: permission.resources,
      ...(permission.conditions && { Condition: permission.conditions }),
    }));
    const all = { 'pam-relay:owner': 'relay.000000000000.eu-central-1/web', ...tags };
    const context = {
      ...Object.fromEntries(Object.entries(all).map(([key, value]) => [`aws:RequestTag/${key}`, [value]])),
      'aws:TagKeys': Object.keys(all),
    };
    const resource = 'arn:aws-cn:secretsmanager:cn-north-1:000000000000:secret:prod/x-abcdef';
    for (const action of ['secretsmanager:CreateSecret', 'secretsmanager:TagResource']) {
      const policy = parsePolicy({ Version: '2012-10-17', Statement: statements });
      expect(evaluate(policy, { action, resource, context }).kind).toBe(expected);
    }
  });

  test("cover the stack's key and the store's own key, only through Secrets Manager", () => {
    const keys = (kmsKeyArn?: string) =>
      permissions('deliver', {}, kmsKeyArn).filter(({ actions: [action = ''] }) => action.startsWith('kms:'));
    const viaService = { StringEquals: { 'kms:ViaService': 'secretsmanager.cn-north-1.amazonaws.com' } };
    expect(keys(OWN_KEY)).toEqual([
      { actions: ['kms:Decrypt'], resources: [STACK_KEY, OWN_KEY], conditions: viaService },
      { actions: ['kms:GenerateDataKey'], resources: [STACK_KEY, OWN_KEY], conditions: viaService },
    ]);
    expect(keys()).toMatchObject([{ resources: [STACK_KEY] }, { resources: [STACK_KEY] }]);
  });
});

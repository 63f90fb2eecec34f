import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from 'vitest';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import type { StoreUse } from '#shared/stores/store.ts';
import { mockAws } from '#test/support/aws-mock.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { delivery, NAME, OWNER, stamp } from './aws-secrets-manager.scene.ts';

const STACK_KEY = 'arn:aws:kms:eu-central-1:000000000000:key/stack';
const OWN_KEY = 'arn:aws:kms:eu-central-1:000000000000:key/own';

test('the type is known to relay.yaml as aws-secrets-manager', async () => {
  expect(await STORE_TYPES['aws-secrets-manager']?.()).toBe(awsSecretsManager);
});

describe('its settings', () => {
  const { settings } = awsSecretsManager;

  test('accept the full ARN of a key', () => {
    const named = { type: 'aws-secrets-manager', kmsKeyArn: OWN_KEY };
    expect(settings.parse(named)).toEqual({ ...named, writesPerSecond: 40 });
    expect(settings.parse({ type: 'aws-secrets-manager' })).not.toHaveProperty('kmsKeyArn');
  });

  test.each([1, 50, 'unlimited'])('accept %s writes per second', (writesPerSecond) => {
    expect(settings.parse({ type: 'aws-secrets-manager', writesPerSecond })).toMatchObject({ writesPerSecond });
  });

  test.each([
    { kmsKeyArn: 'alias/key' },
    { kmsKeyArn: 'own' },
    { key: OWN_KEY },
    { writesPerSecond: 0 },
    { writesPerSecond: 51 },
    { writesPerSecond: 1.5 },
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
    const settings = { type: 'aws-secrets-manager', kmsKeyArn, writesPerSecond: 40 } as const;
    await awsSecretsManager.connect(settings, { owner: OWNER, encryptionKey, ...UNPACED }).deliver(delivery(1));
    const { input } = aws.commandCalls(CreateSecretCommand)[0]?.args[0] ?? {};
    expect(input).toMatchObject({ Name: NAME, Tags: [{ Key: 'pam-relay:owner', Value: OWNER }] });
    expect(input?.KmsKeyId).toBe(KmsKeyId);
  });
});

describe('the permissions', () => {
  const scope = {
    prefixes: ['prod/', 'dev/'],
    owners: 'relay.000000000000.eu-central-1/*',
    encryptionKey: STACK_KEY,
    partition: 'aws-cn',
    region: 'cn-north-1',
    account: '000000000000',
  };
  const permissions = (use: StoreUse, overrides: Partial<typeof scope> = {}, kmsKeyArn?: string) =>
    awsSecretsManager.grants({ type: 'aws-secrets-manager', kmsKeyArn, writesPerSecond: 40 }, use, {
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
    ['retire', ['secretsmanager:DescribeSecret', 'secretsmanager:DeleteSecret']],
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

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { type Accounts, connectThere, openAccounts, ROLE, THERE } from './secrets-manager-account.ts';
import { delivery, HERE } from './secrets-manager-operator.ts';
import { refusalOf } from './store-scene.ts';

let accounts: Accounts;
beforeAll(async () => {
  accounts = await openAccounts();
});
afterAll(() => accounts.server.close());

describe('a store in another account', () => {
  test('delivers nothing to the account of the stack, and uses the key of neither', async () => {
    const store = connectThere(`relay.${HERE}.eu-central-1/own`);
    await store.deliver({ ...delivery(1, 'own/one'), expected: 'absent' });
    expect(accounts.manager.currentValues(THERE)).toMatchObject({ 'own/one': 'value of 1' });
    expect(accounts.manager.currentValues(HERE)).toEqual({});
    expect(accounts.manager.currentValues(THERE, 'eu-central-1')).toEqual({});
    expect(accounts.server.callCounts()['sts.Query']).toBe(1);
    const role = accounts.roles.find(ROLE);
    if (role === undefined) throw new Error('There is no role.');
    const { accessKeyId } = accounts.sessions.start({ role, name: 'reader', expiresAt: Number.POSITIVE_INFINITY });
    const described = accounts.manager.handle('DescribeSecret', { SecretId: 'own/one' }, accessKeyId, 'eu-west-1');
    expect(described['KmsKeyId']).toBeUndefined();
  });

  test('whose role refuses the relay says who must be trusted, and never the external id', async () => {
    const store = connectThere(`relay.${HERE}.eu-central-1/own`, 'another-id');
    const refusal = await refusalOf(store.inspect('own/one'));
    expect(refusal).toMatchObject({ name: 'StoreDenied', retryable: false });
    expect(refusal.message).toContain(`${ROLE} was refused (AccessDenied)`);
    expect(refusal.message).toContain(`arn:aws:iam::${HERE}:role/relay-*`);
    expect(refusal.message).toContain('externalId');
    expect(refusal.message).toContain(`pam-relay role --account ${HERE}`);
    expect(refusal.message).not.toContain('another-id');
  });

  test.each([
    ['roleArn', { roleArn: `arn:aws:iam::${HERE}:role/x`, externalId: 'relay-7' }],
    ['region', { region: 'eu-central-1' }],
    ['replicaRegions', { replicaRegions: ['eu-central-1'] }],
    ['region', { roleArn: ROLE, externalId: 'relay-7', region: 'eu-central-1' }],
    ['replicaRegions', { roleArn: ROLE, externalId: 'relay-7', replicaRegions: ['eu-central-1'] }],
  ])('is refused if its %s is that of the stack', (setting, settings) => {
    const parsed = awsSecretsManager.settings.parse({ type: 'aws-secrets-manager', ...settings });
    const owner = `relay.${HERE}.eu-central-1/web`;
    expect(() => awsSecretsManager.connect(parsed, { owner, encryptionKey: undefined, ...UNPACED })).toThrow(
      expect.objectContaining({ name: 'ConfigurationInvalid', message: expect.stringContaining(setting) }),
    );
  });
});

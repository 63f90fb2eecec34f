import { vi } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { createRoles } from '#local/aws/sts/roles.ts';
import { createSts } from '#local/aws/sts/server.ts';
import { createSessions } from '#local/aws/sts/sessions.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';
import { HERE, interceptedBy, noWait, operatorOf } from './secrets-manager-operator.ts';
import type { StoreBench } from './store-scene.ts';

export const THERE = '111122223333';
export const ROLE = `arn:aws:iam::${THERE}:role/deliveries`;

/** STS and Secrets Manager of two accounts, behind the addresses of this process. */
export const openAccounts = async () => {
  const now = Date.now;
  const server = await startAwsServer(0, now);
  const [roles, sessions] = [createRoles(), createSessions(now)];
  const principalOf = (caller: string) =>
    sessions.find(caller)?.role ?? { account: HERE, arn: `arn:aws:iam::${HERE}:role/relay-x` };
  const manager = createSecretsManager({ region: 'eu-west-1', accountOf: (caller) => principalOf(caller).account });
  server.serve('sts', createSts({ roles, sessions, principalOf, now }));
  server.serve('secretsmanager', manager.http);
  vi.stubEnv('AWS_ENDPOINT_URL', server.endpoint);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'relay');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  roles.add({
    arn: ROLE,
    trust: {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: HERE },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'relay-7' } },
      },
    },
    policies: [],
  });
  return { server, manager, sessions, roles };
};

export type Accounts = Awaited<ReturnType<typeof openAccounts>>;

export const connectThere = (owner: string, externalId = 'relay-7') =>
  awsSecretsManager.connect(
    awsSecretsManager.settings.parse({ type: 'aws-secrets-manager', roleArn: ROLE, externalId, region: 'eu-west-1' }),
    { owner, encryptionKey: 'the key of the stack', ...UNPACED },
  );

/** Secrets Manager through the assumed role of another account. */
export const otherAccountBench = (accounts: () => Accounts): StoreBench => ({
  rules: awsSecretsManagerRules,
  async open() {
    const { manager, sessions, roles } = accounts();
    const role = roles.find(ROLE);
    if (role === undefined) throw new Error('There is no role.');
    const operator = sessions.start({ role, name: 'operator', expiresAt: Number.POSITIVE_INFINITY });
    return {
      connect: (owner) => connectThere(owner),
      // The assumed role is proven by all other tests; here, only the account and the region are those of the role.
      ...interceptedBy((options, owner) => {
        const there = { caller: operator.accessKeyId, region: 'eu-west-1' };
        return createAwsSecretsManagerStore({
          client: connectInProcess(manager, { ...there, ...options }),
          owner,
          sleep: noWait,
        });
      }),
      readable: async (name) => [manager.currentValues(THERE, 'eu-west-1')[name] ?? []].flat(),
      everythingVisible: async () => JSON.stringify(manager.calls),
      ...operatorOf(connectInProcess(manager, { caller: operator.accessKeyId, region: 'eu-west-1' })),
    };
  },
});

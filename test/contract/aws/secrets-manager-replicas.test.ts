import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';
import { describeReplicas, REPLICA_REGION } from './secrets-manager/replicas.ts';

const OTHER_ACCOUNT = '111122223333';

describeReplicas('the local server', async () => {
  const manager = createSecretsManager({
    accountOf: (caller) => (caller === 'other' ? OTHER_ACCOUNT : '000000000000'),
  });
  return {
    here: connectInProcess(manager),
    there: connectInProcess(manager, { region: REPLICA_REGION }),
    elsewhere: connectInProcess(manager, { caller: 'other' }),
    destroy() {},
  };
});

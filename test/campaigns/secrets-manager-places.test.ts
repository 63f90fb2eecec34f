import { afterAll, beforeAll } from 'vitest';
import { type Accounts, openAccounts, otherAccountBench } from '#test/contract/stores/secrets-manager-account.ts';
import { REPLICAS_BENCH } from '#test/contract/stores/secrets-manager-replicas.ts';
import { describeStore } from '#test/contract/stores/store-suite.ts';

/** The whole suite of stores where the secrets are not in the region of the stack alone. */

let accounts: Accounts;
beforeAll(async () => {
  accounts = await openAccounts();
});
afterAll(() => accounts.server.close());

describeStore(
  'AWS Secrets Manager in another account and region',
  otherAccountBench(() => accounts),
);
describeStore('AWS Secrets Manager with a replica', REPLICAS_BENCH);

import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { lifecycle } from './secrets-manager/lifecycle.ts';
import { lists } from './secrets-manager/lists.ts';
import { stages } from './secrets-manager/stages.ts';
import { values } from './secrets-manager/values.ts';

export interface SecretsManagerSuiteOptions {
  /** Titles of rows that this server is known to get wrong: they have to fail, so that a repaired server is noticed. */
  readonly knownWrong?: readonly string[];
}

/** Holds a server against what AWS documents of Secrets Manager, through the SDK. */
export const describeSecretsManager = (
  server: string,
  connect: () => Promise<SecretsManagerClient>,
  options: SecretsManagerSuiteOptions = {},
): void => {
  describe(`${server} as Secrets Manager`, () => {
    let client: SecretsManagerClient;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.destroy());

    for (const [title, check] of Object.entries({ ...values, ...stages, ...lifecycle, ...lists })) {
      const run = options.knownWrong?.includes(title) ? test.fails : test;
      run(title, () => check({ client, name: `contract/${randomUUID()}` }));
    }
  });
};

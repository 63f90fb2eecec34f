import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describeRows, type SuiteOptions } from './rows.ts';
import { lifecycle } from './secrets-manager/lifecycle.ts';
import { lists } from './secrets-manager/lists.ts';
import { stages } from './secrets-manager/stages.ts';
import { values } from './secrets-manager/values.ts';

/** Checks a server against the AWS documentation of Secrets Manager. */
export const describeSecretsManager = (
  server: string,
  connect: () => Promise<SecretsManagerClient>,
  options: SuiteOptions = {},
): void =>
  describeRows(`${server} as Secrets Manager`, {
    ...options,
    rows: { ...values, ...stages, ...lifecycle, ...lists },
    connect,
    prefix: 'contract/',
  });

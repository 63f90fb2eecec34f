import type { SSMClient } from '@aws-sdk/client-ssm';
import { describeRows, type SuiteOptions } from './rows.ts';
import { tags } from './ssm/tags.ts';
import { limits, values } from './ssm/values.ts';

/** Checks a server against the AWS documentation of Parameter Store. */
export const describeParameterStore = (
  server: string,
  connect: () => Promise<SSMClient>,
  options: SuiteOptions = {},
): void =>
  describeRows(`${server} as Parameter Store`, {
    ...options,
    rows: { ...values, ...limits, ...tags },
    connect,
    prefix: '/contract/',
  });

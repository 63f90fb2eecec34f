import { awsClientConfig } from '#shared/aws/client.ts';
import { createS3Records } from '#shared/aws/s3.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import { RelayError } from '#shared/errors.ts';
import { RECORDS_OUTPUT, relayIdOf } from '#shared/names.ts';
import type { Records } from '#shared/records/records.ts';

/** Place that a relay is deployed to, or would be. */
export interface Deployment {
  readonly account: string;
  readonly region: string;
  readonly relayId: string;
  /** Records of the stack; undefined if no stack was named. */
  readonly records: Pick<Records, 'read'> | undefined;
}

/**
 * Finds the deployment of a relay: with the name of a stack, from the stack and its outputs; without it, from the AWS
 * credentials. Reads only. Raises `ConfigurationInvalid`, `StoreDenied` and `StoreUnavailable`.
 */
export const findDeployment = (relay: string, stack: string | undefined): Promise<Deployment> =>
  stack === undefined ? findCaller(relay) : findStack(relay, stack);

const findCaller = async (relay: string): Promise<Deployment> => {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  try {
    const client = new STSClient(awsClientConfig());
    const { Account: account } = await client.send(new GetCallerIdentityCommand({}));
    const region = await client.config.region();
    if (account === undefined) throw new TypeError('The answer has no account.');
    return { account, region, relayId: relayIdOf(relay, account, region), records: undefined };
  } catch (cause) {
    throw failureOf('GetCallerIdentity', cause);
  }
};

/** ARN of a stack: `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`. */
const STACK_ID = /^arn:[\w-]+:cloudformation:([\w-]+):(\d{12}):stack\//;

const findStack = async (relay: string, stack: string): Promise<Deployment> => {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(awsClientConfig());
  const { Stacks: [found] = [] } = await client
    .send(new DescribeStacksCommand({ StackName: stack }))
    .catch((cause: unknown) => {
      throw isMissing(cause) ? noStack(relay, stack, cause) : failureOf('DescribeStacks', cause);
    });
  const [, region, account] = STACK_ID.exec(found?.StackId ?? '') ?? [];
  const bucket = found?.Outputs?.find(({ OutputKey }) => OutputKey === RECORDS_OUTPUT)?.OutputValue;
  if (region === undefined || account === undefined || bucket === undefined) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The stack ${stack} has no output ${RECORDS_OUTPUT}, so it is not the stack of a relay. Name the stack of this relay: --stack ${shellQuote(relay)}`,
    );
  }
  return { account, region, relayId: relayIdOf(relay, account, region), records: createS3Records(bucket) };
};

/** CloudFormation has no error of its own for a missing stack. */
const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.name === 'ValidationError' && thrown.message.includes('does not exist');

const noStack = (relay: string, stack: string, cause: unknown): RelayError =>
  new RelayError(
    'ConfigurationInvalid',
    `There is no stack ${stack} in this AWS account and region. Check AWS_REGION and the credentials. By default, the stack of this relay is called ${relay}; before its first deployment, plan without --stack.`,
    { cause },
  );

const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
]);
const WITHOUT_CREDENTIALS = new Set(['CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException']);

const failureOf = (action: string, cause: unknown): RelayError => {
  const name = cause instanceof Error ? cause.name : 'unknown';
  if (WITHOUT_CREDENTIALS.has(name)) {
    return new RelayError(
      'StoreDenied',
      `AWS: ${action} has no valid credentials (${name}). Sign in first, for example: aws sso login`,
      { cause },
    );
  }
  return DENIED.has(name)
    ? new RelayError('StoreDenied', `AWS refused ${action} (${name}). Allow it for the credentials that you use.`, {
        cause,
      })
    : new RelayError(
        'StoreUnavailable',
        `AWS did not answer ${action} (${name}). Check the network, and that the region is set, for example: export AWS_REGION=eu-central-1`,
        { cause },
      );
};

import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { findDeployment } from '#cli/plan/deployment.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const stacks = mockAws(CloudFormationClient);
const callers = mockAws(STSClient);
beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'eu-central-1');
});

const failure = (name: string, message = '') =>
  new CloudFormationServiceException({ name, message, $fault: 'client', $metadata: {} });

const STACK = {
  StackName: 'pam-relay',
  StackId: 'arn:aws:cloudformation:us-west-2:111122223333:stack/pam-relay/1',
  CreationTime: new Date(0),
  StackStatus: 'CREATE_COMPLETE' as const,
};

describe('the deployment of a relay', () => {
  it('is found by its stack, with its records', async () => {
    stacks.on(DescribeStacksCommand, { StackName: 'pam-relay' }).resolves({
      Stacks: [{ ...STACK, Outputs: [{ OutputKey: 'RecordsBucketName', OutputValue: 'records' }] }],
    });
    expect(await findDeployment('pam-relay', 'pam-relay')).toEqual({
      account: '111122223333',
      region: 'us-west-2',
      relayId: 'pam-relay.111122223333.us-west-2',
      records: expect.anything(),
    });
  });

  it('without a stack is where the credentials are, without records', async () => {
    callers.on(GetCallerIdentityCommand).resolves({ Account: '111122223333' });
    expect(await findDeployment('pam-relay', undefined)).toEqual({
      account: '111122223333',
      region: 'eu-central-1',
      relayId: 'pam-relay.111122223333.eu-central-1',
      records: undefined,
    });
  });

  it.each([
    [
      failure('ValidationError', 'Stack with id x does not exist'),
      /There is no stack x .*Check AWS_REGION.*called my-relay/,
    ],
    [failure('AccessDenied'), /AWS refused DescribeStacks \(AccessDenied\)\. Allow it/],
    [failure('ExpiredToken'), /DescribeStacks has no valid credentials .* aws sso login/],
    [failure('Throttling'), /AWS did not answer DescribeStacks \(Throttling\).*export AWS_REGION=/],
  ])('that cannot be found is explained: %s', async (error, message) => {
    stacks.on(DescribeStacksCommand).rejects(error);
    await expect(findDeployment('my-relay', 'x')).rejects.toThrow(message);
  });

  it('is not another stack', async () => {
    stacks.on(DescribeStacksCommand).resolves({ Stacks: [STACK] });
    await expect(findDeployment('my-relay', 'x')).rejects.toThrow(
      /x has no output RecordsBucketName.*--stack my-relay/,
    );
  });
});

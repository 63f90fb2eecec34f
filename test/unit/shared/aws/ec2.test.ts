import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { createDescribeInstances } from '#shared/aws/ec2.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const ec2 = mockAws(EC2Client);

it('an unanswered description is a retryable error with the name of the error of EC2', async () => {
  ec2.on(DescribeInstancesCommand).rejects(Object.assign(new Error('of AWS'), { name: 'RequestLimitExceeded' }));
  await expect(createDescribeInstances()(['i-00000001'])).rejects.toMatchObject({
    name: 'StoreUnavailable',
    retryable: true,
    message: 'EC2 did not describe instances (RequestLimitExceeded).',
  });
});

it('all pages of a description count', async () => {
  const page = (id: string) => ({ Reservations: [{ Instances: [{ InstanceId: id }] }] });
  ec2
    .on(DescribeInstancesCommand)
    .resolvesOnce({ ...page('i-00000001'), NextToken: 'next' })
    .resolvesOnce(page('i-00000002'));
  expect([...(await createDescribeInstances()(['i-00000001', 'i-00000002'])).keys()]).toEqual([
    'i-00000001',
    'i-00000002',
  ]);
});

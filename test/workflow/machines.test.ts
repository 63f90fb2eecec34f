import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_ACCOUNT } from '#local/aws/environment.ts';
import { machineArn } from '#local/executions.ts';
import { BLUEPRINT, createProvisioning } from '#local/provisioning.ts';
import { startWorld, type World } from '#local/world.ts';
import { subjectKey } from '#shared/records/subjects.ts';

const QUEUE = 'local-machines';
const VPC = 'vpc-0a1b2c3d';
const TAGS = { 'pam-relay:blueprint': BLUEPRINT, role: 'web-01' };

describe('EC2 instances', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 1,
      seed: 5,
      waitScale: 0,
      provisions: true,
      configure: (config) =>
        config.setIn(['provisioning', BLUEPRINT, 'ec2'], {
          accounts: [LOCAL_ACCOUNT],
          vpcs: [VPC],
          inputs: { host: { tag: 'role' }, address: 'private-ip' },
        }),
    });
  });
  afterAll(() => world.close());

  const settled = async () => {
    await world.aws.eventSources.drained(QUEUE);
    return createProvisioning(world).settle();
  };
  const runsOf = (subject: string) =>
    world.aws.stepFunctions
      .list(machineArn(world, 'provision'))
      .filter(({ name }) => name.includes(subjectKey({ rule: BLUEPRINT, subject })))
      .map(({ status }) => status);

  it('are provisioned while they run and deprovisioned at their end, with no permission too few', async () => {
    const { ec2, permissions } = world.aws;
    const id = await ec2.launch({ tags: TAGS, vpc: VPC, privateIp: '10.77.0.1' });
    await ec2.launch({ vpc: VPC });
    await settled();
    expect(runsOf(id)).toEqual(['SUCCEEDED']);
    await ec2.terminate(id);
    await settled();
    expect(runsOf(id)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(world.aws.stepFunctions.list(machineArn(world, 'provision'))).toHaveLength(2);
    expect(permissions.denials).toEqual([]);
  });

  it('of another VPC are refused, each with its reason', async () => {
    const { ec2, queues, permissions } = world.aws;
    await ec2.launch({ tags: TAGS, vpc: 'vpc-00000000', privateIp: '10.77.0.2' });
    await settled();
    expect((await queues.messages(`${QUEUE}-refused`)).map(({ attributes }) => attributes['reason'])).toEqual([
      expect.stringContaining(`MessageInvalid: provisioning.${BLUEPRINT}.ec2.vpcs: does not allow the VPC`),
    ]);
    expect(permissions.denials).toEqual([]);
    expect(permissions.unusedGrants().filter((grant) => grant.includes('intake-machines: ec2:'))).toEqual([]);
  });
});

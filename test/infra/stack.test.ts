import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import { asText, EXAMPLES, loadExample, synthesise } from './synthesis.ts';

const inOwnSubnets: RelayConfig = {
  ...loadExample('minimal.yaml'),
  network: {
    type: 'existing',
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    subnetIds: ['subnet-0a1b2c3d4e5f60718'],
    availabilityZones: ['eu-central-1a'],
  },
};
const syntheses = [
  ...EXAMPLES.map((name) => ({ name, config: loadExample(name) })),
  { name: 'minimal.yaml in subnets of the operator', config: inOwnSubnets },
].map(({ name, config }) => ({ name, ...synthesise(config) }));

/** Name properties by resource type. CloudFormation names resources without one. */
const NAMES = [
  'FunctionName',
  'StateMachineName',
  'LogGroupName',
  'QueueName',
  'TopicName',
  'AlarmName',
  'DashboardName',
  'Name',
];

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

/** A line for each resource: logical id, type and name. A changed id means that AWS replaces the resource. */
const listOf = (template: unknown): string =>
  Object.entries(templateSchema.parse(template).Resources)
    .map(([id, { Type: type, Properties: properties = {} }]) => {
      const name = NAMES.map((key) => properties[key]).find((value) => value !== undefined);
      return [id, type, ...(name === undefined ? [] : [asText(name)])].join(' ');
    })
    .join('\n');

describe('the stack', () => {
  it.each(syntheses)('of $name passes cdk-nag', ({ app, stack }) => {
    const { violations } = new AwsSolutionsChecks(app).validateScope(stack);
    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
  });

  it('shows the command that starts a sync', () => {
    const { template } = synthesise(loadExample('minimal.yaml'));
    const command = asText(template.findOutputs('StartCommand')['StartCommand']?.['Value']);
    expect(command).toContain(':stateMachine:pam-relay-sync --name "databases.$(date -u +%Y%m%dT%H%M%SZ)"');
    expect(command).toMatch(/ --input '\{"sync":"databases"\}'$/);
  });

  describe('with a store that names the place of the stack', () => {
    const region = 'eu-central-1';
    const inOther = { roleArn: 'arn:aws:iam::111122223333:role/relay', externalId: 'relay-7' };
    const withStore = (settings: object): RelayConfig => {
      const config = loadExample('minimal.yaml');
      return { ...config, stores: { aws: { type: 'aws-secrets-manager', tags: {}, ...settings } } };
    };

    it.each([
      [{ region }, { region }, `region ${region} is the region of the stack. Remove it.`],
      [{ ...inOther, region }, { region }, `region ${region} is the region of the stack. Remove it.`],
      [{ replicaRegions: [region] }, { region }, `replicaRegions contains ${region}, the region of the store itself.`],
      [inOther, { account: '111122223333' }, `roleArn ${inOther.roleArn} is a role of the account of the stack.`],
    ])('is refused if the place is known: %j in %j', (settings, env, message) => {
      expect(() => synthesise(withStore(settings), { env })).toThrow(
        expect.objectContaining({
          name: 'ConfigurationInvalid',
          message: expect.stringContaining(`A store of type aws-secrets-manager in relay.yaml: ${message}`),
        }),
      );
    });

    it('is left to the functions if CloudFormation chooses the place', () => {
      expect(() => synthesise(withStore({ region }))).not.toThrow();
    });

    it('differs from the place of another stack', () => {
      expect(() =>
        synthesise(withStore({ region }), { env: { account: '444455556666', region: 'eu-west-1' } }),
      ).not.toThrow();
    });
  });

  it('of the smallest configuration has these resources', () => {
    const { template } = synthesise(loadExample('minimal.yaml'));
    expect(listOf(template.toJSON())).toMatchSnapshot();
  });
});

import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
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

/** The template without what changes with every change of a function's code. */
const normalised = (template: unknown): unknown =>
  JSON.parse(JSON.stringify(template).replaceAll(/[0-9a-f]{64}/g, '<asset>'));

describe('the stack', () => {
  it.each(syntheses)('of $name has nothing that cdk-nag objects to', ({ app, stack }) => {
    const { violations } = new AwsSolutionsChecks(app).validateScope(stack);
    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
  });

  it('says how to start a sync now', () => {
    const { template } = synthesise(loadExample('minimal.yaml'));
    const command = asText(template.findOutputs('StartCommand')['StartCommand']?.['Value']);
    expect(command).toContain(':stateMachine:pam-relay-sync --name "databases.$(date -u +%Y%m%dT%H%M%SZ)"');
    expect(command).toMatch(/ --input '\{"sync":"databases"\}'$/);
  });

  it('of the smallest configuration is what was reviewed', () => {
    const { template } = synthesise(loadExample('minimal.yaml'));
    expect(normalised(template.toJSON())).toMatchSnapshot();
  });
});

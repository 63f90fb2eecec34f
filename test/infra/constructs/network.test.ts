import { describe, expect, it } from 'vitest';
import { FULL, loadExample, synthesise } from '../synthesis.ts';

const minimal = loadExample('minimal.yaml');
const existing = synthesise({
  ...minimal,
  network: {
    type: 'existing',
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    subnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-0b1c2d3e4f5061728'],
    availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  },
}).template;
const fixedEgress = synthesise(loadExample(FULL)).template;

const vpcConfigs = (template: typeof existing) =>
  Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties.VpcConfig);

describe('the network', () => {
  it('exists only if relay.yaml configures one', () => {
    const { template } = synthesise(minimal);
    expect(vpcConfigs(template)).toEqual(Array.from({ length: 7 }, () => undefined));
    template.resourceCountIs('AWS::EC2::VPC', 0);
  });

  it('of the operator is used unchanged', () => {
    existing.resourceCountIs('AWS::EC2::VPC', 0);
    for (const { SubnetIds } of vpcConfigs(existing)) {
      expect(SubnetIds).toEqual(['subnet-0a1b2c3d4e5f60718', 'subnet-0b1c2d3e4f5061728']);
    }
    expect(existing.findOutputs('EgressAddress')).toEqual({});
  });

  it('with fixed egress has one route out, whose address is an output and whose flows are logged', () => {
    fixedEgress.resourceCountIs('AWS::EC2::NatGateway', 1);
    fixedEgress.resourceCountIs('AWS::EC2::FlowLog', 1);
    const [address] = Object.keys(fixedEgress.findResources('AWS::EC2::EIP'));
    expect(fixedEgress.findOutputs('EgressAddress')).toMatchObject({
      EgressAddress: { Value: { 'Fn::GetAtt': [address, 'PublicIp'] } },
    });
  });

  it.each([
    ['the ports of the vaults', {}, [443, 8443]],
    ['the ports of their proxies', { proxy: { url: 'http://proxy.corp:3128' } }, [443, 3128]],
    ['the usual port of their proxies', { proxy: { url: 'http://proxy.corp' } }, [443, 80]],
    ['those of stores', {}, [443, 8443, 8200], { url: 'https://openbao.example.com:8200' }],
  ])('allows no inbound traffic, and outbound only to HTTPS and %s', (_what, more, expected, store: object = {}) => {
    const { connections, stores } = minimal;
    const { vault } = connections;
    if (vault === undefined) throw new Error('The example has no connection vault.');
    const { template } = synthesise({
      ...minimal,
      connections: { vault: { ...vault, url: 'https://pam.example.com:8443/BeyondTrust/api/public/v3', ...more } },
      stores: Object.fromEntries(Object.entries(stores).map(([name, settings]) => [name, { ...settings, ...store }])),
      network: { type: 'fixed-egress', cidr: '10.87.0.0/24' },
    });
    const [group] = Object.values(template.findResources('AWS::EC2::SecurityGroup'));
    const ports = group?.['Properties'].SecurityGroupEgress.map(({ FromPort }: { FromPort: number }) => FromPort);
    expect(ports).toEqual(expected);
    expect(group?.['Properties'].SecurityGroupIngress).toBeUndefined();
  });
});

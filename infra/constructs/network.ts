import { Annotations, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnEIP,
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Placement } from '#infra/constructs/relay-function.ts';
import { serviceFor } from '#infra/constructs/service-principal.ts';
import { egressPorts } from '#shared/config/egress-ports.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

type NetworkConfig = NonNullable<RelayConfig['network']>;
type FixedEgress = Extract<NetworkConfig, { type: 'fixed-egress' }>;

/** Private subnets that can reach AWS and the vaults. */
interface Place {
  readonly vpcId: string;
  readonly subnetIds: string[];
  readonly availabilityZones: string[];
  readonly egressAddress?: string;
}

export interface NetworkProps {
  readonly network: NetworkConfig;
  /** The vaults, stores and ticket systems that the functions reach. */
  readonly remotes: Pick<RelayConfig, 'connections' | 'stores' | 'ticketSystems'>;
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
}

/** The network of functions that run in a VPC: existing subnets, or new ones behind one fixed address. */
export class Network extends Construct {
  readonly placement: Placement;
  /** Source address of the calls to the vault. Undefined in an existing network. */
  readonly egressAddress: string | undefined;

  constructor(scope: Construct, id: string, { network, remotes, key, logRetentionDays }: NetworkProps) {
    super(scope, id);
    const place: Place = network.type === 'existing' ? network : this.#fixedEgress(network, key, logRetentionDays);
    this.egressAddress = place.egressAddress;
    const vpc = Vpc.fromVpcAttributes(this, 'Place', {
      vpcId: place.vpcId,
      privateSubnetIds: place.subnetIds,
      availabilityZones: place.availabilityZones,
    });
    Annotations.of(vpc).acknowledgeWarning(
      '@aws-cdk/aws-ec2:noSubnetRouteTableId',
      'The stack does not use the route tables of the subnets.',
    );
    this.placement = {
      vpc,
      vpcSubnets: { subnets: vpc.privateSubnets },
      securityGroups: [this.#guard(vpc, remotes)],
    };
  }

  #fixedEgress(network: FixedEgress, key: IKey, logRetentionDays: RetentionDays): Place {
    const address = new CfnEIP(this, 'Address', { domain: 'vpc' });
    const vpc = this.#behind(address, network);
    this.#logFlows(vpc, key, logRetentionDays);
    return {
      vpcId: vpc.vpcId,
      subnetIds: vpc.privateSubnets.map(({ subnetId }) => subnetId),
      availabilityZones: vpc.availabilityZones,
      egressAddress: address.attrPublicIp,
    };
  }

  #behind(address: CfnEIP, { cidr }: FixedEgress): Vpc {
    return new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 2,
      natGateways: 1,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: [address.attrAllocationId] }),
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'functions', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      // Keeps the traffic to the records bucket off the NAT gateway, which is billed per gigabyte.
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
      restrictDefaultSecurityGroup: false,
    });
  }

  #logFlows(vpc: Vpc, encryptionKey: IKey, retention: RetentionDays): void {
    const logGroup = new LogGroup(this, 'FlowLogs', { encryptionKey, retention, removalPolicy: RemovalPolicy.DESTROY });
    // A flow log gets its id only after its role exists. Source: VPC user guide, "IAM role for publishing flow logs".
    const flowLogs = Stack.of(this).formatArn({ service: 'ec2', resource: 'vpc-flow-log', resourceName: '*' });
    const role = new Role(this, 'FlowLogsRole', {
      assumedBy: serviceFor(this, 'vpc-flow-logs.amazonaws.com', flowLogs),
      description: 'Role of the network flow logs',
    });
    vpc.addFlowLog('Flows', { destination: FlowLogDestination.toCloudWatchLogs(logGroup, role) });
  }

  /** No inbound traffic. Outbound only HTTPS, which AWS needs, and the ports of the vaults and stores. */
  #guard(vpc: IVpc, remotes: NetworkProps['remotes']): SecurityGroup {
    const group = new SecurityGroup(this, 'Guard', {
      vpc,
      description: 'pam-relay functions: outbound to AWS, vaults and stores, no inbound',
      allowAllOutbound: false,
    });
    for (const port of egressPorts(remotes)) group.addEgressRule(Peer.anyIpv4(), Port.tcp(port));
    return group;
  }
}

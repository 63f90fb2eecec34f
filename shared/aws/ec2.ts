import type { Instance } from '@aws-sdk/client-ec2';
import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';

/** An EC2 instance as EC2 describes it. */
export interface DescribedInstance {
  /** State of EC2, such as `running`. */
  readonly state: string;
  readonly vpc: string | undefined;
  readonly privateIp: string | undefined;
  readonly privateDns: string | undefined;
  readonly publicIp: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * Describes instances of the account and region of the stack, by their ids. An instance that EC2 does not know, or not
 * yet, is absent from the result. Raises `StoreUnavailable`. Repeatable.
 */
export type DescribeInstances = (ids: readonly string[]) => Promise<ReadonlyMap<string, DescribedInstance>>;

/**
 * Creates the call of EC2. A filter finds the known instances; a list of ids would fail as a whole because of one
 * unknown id. The client is imported on demand: the end of a known subject needs no description.
 *
 * Source: EC2 API reference, DescribeInstances.
 */
export const createDescribeInstances = (): DescribeInstances => {
  let connected: ReturnType<typeof connect> | undefined;
  return async (ids) => {
    connected ??= connect();
    const { client, paginate } = await connected;
    const found = new Map<string, DescribedInstance>();
    try {
      const pages = paginate({ client }, { Filters: [{ Name: 'instance-id', Values: [...ids] }] });
      for await (const { Reservations = [] } of pages) {
        for (const instance of Reservations.flatMap(({ Instances = [] }) => Instances)) {
          if (instance.InstanceId !== undefined) found.set(instance.InstanceId, described(instance));
        }
      }
    } catch (cause) {
      throw notDescribed(cause);
    }
    return found;
  };
};

const connect = async () => {
  const { EC2Client, paginateDescribeInstances } = await import('#shared/aws/ec2-client.ts');
  return { client: new EC2Client(awsClientConfig()), paginate: paginateDescribeInstances };
};

const notDescribed = (cause: unknown): RelayError =>
  new RelayError(
    'StoreUnavailable',
    `EC2 did not describe instances (${cause instanceof Error ? cause.name : 'unexpected answer'}).`,
    { cause },
  );

/** EC2 returns an empty text for a name or address that an instance does not have. */
const described = ({ State, VpcId, PrivateIpAddress, PrivateDnsName, PublicIpAddress, Tags = [] }: Instance) => ({
  state: State?.Name ?? '',
  vpc: VpcId || undefined,
  privateIp: PrivateIpAddress || undefined,
  privateDns: PrivateDnsName || undefined,
  publicIp: PublicIpAddress || undefined,
  tags: new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
});

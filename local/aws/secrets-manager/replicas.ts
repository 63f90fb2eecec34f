import { invalidParameter } from './errors.ts';
import type { ReplicaInput, Requests } from './requests.ts';
import type { Replica, State, StoredSecret } from './state.ts';

/**
 * The replication of a secret to other regions. A replica has the versions, tags and date of deletion of its primary
 * secret, and a key of its own. Sources: the pages of the actions in the API reference, and the user guide, "Replicate
 * AWS Secrets Manager secrets across Regions" and "Troubleshoot replication".
 */

export const replicateSecretToRegions = (state: State, input: Requests['ReplicateSecretToRegions']) => {
  const secret = state.findWritable(input.SecretId);
  addReplicas(state, secret, input.AddReplicaRegions, input.ForceOverwriteReplicaSecret);
  return { ARN: secret.arn, ReplicationStatus: statusesOf(state, secret) };
};

export const removeRegionsFromReplication = (state: State, input: Requests['RemoveRegionsFromReplication']) => {
  const secret = state.findWritable(input.SecretId);
  for (const region of input.RemoveReplicaRegions) {
    const replica = secret.replicas.get(region);
    if (replica?.secret !== undefined) state.inRegion(region).remove(replica.secret);
    secret.replicas.delete(region);
  }
  state.changed(secret);
  return { ARN: secret.arn, ReplicationStatus: statusesOf(state, secret) };
};

/** Starts the replication, also to a region where it failed before. A region with a replica keeps it. */
export const addReplicas = (
  state: State,
  secret: StoredSecret,
  regions: readonly ReplicaInput[],
  force = false,
): void => {
  if (regions.some(({ Region }) => Region === state.options.region)) {
    throw invalidParameter(`Invalid replica region. The primary secret is in ${state.options.region}.`);
  }
  for (const { Region: region, KmsKeyId: kmsKeyId } of regions) {
    const known = secret.replicas.get(region);
    if (known?.secret === undefined) secret.replicas.set(region, replicate(state, secret, { region, kmsKeyId }, force));
  }
  state.changed(secret);
};

const replicate = (
  state: State,
  secret: StoredSecret,
  at: Pick<Replica, 'region' | 'kmsKeyId'>,
  force: boolean,
): Replica => {
  const there = state.inRegion(at.region);
  const found = there.lookUp(secret.name);
  if (found !== undefined && force) there.remove(found);
  const isTaken = found !== undefined && !force;
  const startedAt = state.options.now();
  if (isTaken) return { ...at, startedAt, secret: undefined };
  return { ...at, startedAt, secret: there.addReplica(secret, at.kmsKeyId, startedAt + state.options.replicationMs) };
};

/** The state of each replica, as answers contain it. Undefined for a secret without replicas. */
const statusesOf = (state: State, secret: StoredSecret) => {
  if (secret.replicas.size === 0) return undefined;
  return [...secret.replicas.values()].map((replica) => ({
    Region: replica.region,
    KmsKeyId: replica.kmsKeyId ?? 'alias/aws/secretsmanager',
    ...statusOf(state, secret, replica),
  }));
};

const statusOf = (state: State, { name }: StoredSecret, { region, startedAt, secret }: Replica) => {
  if (secret === undefined) {
    const StatusMessage = `Replication failed: Secret name ${name} already exists in region ${region}.`;
    return { Status: 'Failed', StatusMessage };
  }
  return state.options.now() < startedAt + state.options.replicationMs
    ? { Status: 'InProgress' }
    : { Status: 'InSync', StatusMessage: 'Replication succeeded' };
};

export const replicationOf = (state: State, secret: StoredSecret) => {
  const ReplicationStatus = statusesOf(state, secret);
  return ReplicationStatus === undefined ? {} : { ReplicationStatus };
};

/** @throws if a deletion would leave replicas behind. */
export const requireNoReplicas = (secret: StoredSecret): void => {
  if (secret.replicas.size === 0) return;
  const regions = [...secret.replicas.keys()].join(', ');
  throw invalidParameter(`You can't delete secret ${secret.name} that still has replica regions [${regions}].`);
};

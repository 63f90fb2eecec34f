import { exists, invalidParameter, invalidRequest, markedForDeletion } from './errors.ts';
import { addReplicas, replicationOf, requireNoReplicas } from './replicas.ts';
import type { ContentInput, Requests } from './requests.ts';
import { primaryRegionOf, type State, type StoredSecret, toSeconds, withTags } from './state.ts';
import { addVersion, CURRENT, holds, labelsByVersion } from './versions.ts';

/** The actions on a whole secret. Source: the page of each action in the API reference. */

const DAY_MS = 86_400_000;

export const createSecret = (state: State, input: Requests['CreateSecret']) => {
  const token = requireToken(input.ClientRequestToken);
  const content = optionalContent(input);
  const existing = state.lookUp(input.Name);
  if (existing !== undefined) return recreated(existing, token, content);
  const tags = withTags(new Map(), input.Tags ?? []);
  const secret = state.add(input.Name);
  secret.tags = tags;
  secret.description = input.Description;
  secret.kmsKeyId = input.KmsKeyId;
  const version = content && addVersion(secret, token, content, [CURRENT], state.options.now());
  state.changed(secret);
  if (input.AddReplicaRegions !== undefined) {
    addReplicas(state, secret, input.AddReplicaRegions, input.ForceOverwriteReplicaSecret);
  }
  return { ...identity(secret), ...(version && { VersionId: version.id }), ...replicationOf(state, secret) };
};

/** A repeated creation with the same token and content is ignored. Any other fails. */
const recreated = (secret: StoredSecret, token: string, content: ContentInput | undefined) => {
  if (secret.deletion !== undefined) {
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const version = secret.versions.get(token);
  const isReplica = secret.primaryRegion !== undefined;
  if (isReplica || version === undefined || content === undefined || !holds(version, content)) {
    throw exists(`The operation failed because the secret ${secret.name} already exists.`);
  }
  return { ...identity(secret), VersionId: version.id };
};

export const updateSecret = (state: State, input: Requests['UpdateSecret']) => {
  const secret = state.findChangeable(input.SecretId);
  const token = requireToken(input.ClientRequestToken);
  const content = optionalContent(input);
  const version = content && addVersion(secret, token, content, [CURRENT], state.options.now());
  secret.description = input.Description ?? secret.description;
  secret.kmsKeyId = input.KmsKeyId ?? secret.kmsKeyId;
  state.changed(secret);
  return { ...identity(secret), ...(version && { VersionId: version.id }) };
};

export const describeSecret = (state: State, input: Requests['DescribeSecret']) => {
  const secret = state.find(input.SecretId);
  const accessedAt = Math.max(0, ...Array.from(secret.versions.values(), (version) => version.accessedAt ?? 0));
  return {
    ...identity(secret),
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: toSeconds(secret.createdAt),
    LastChangedDate: toSeconds(secret.changedAt),
    ...(accessedAt > 0 && { LastAccessedDate: toSeconds(startOfDay(accessedAt)) }),
    ...(secret.deletion !== undefined && { DeletedDate: toSeconds(secret.deletion.endsAt) }),
    Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })),
    VersionIdsToStages: labelsByVersion(secret),
    ...primaryRegionOf(secret, state.options.region),
    ...replicationOf(state, secret),
  };
};

export const deleteSecret = (state: State, input: Requests['DeleteSecret']) => {
  const { RecoveryWindowInDays: days = 30, ForceDeleteWithoutRecovery: force = false } = input;
  if (force && input.RecoveryWindowInDays !== undefined) {
    throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  if (days < 7 || days > 30) {
    throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  }
  return force ? deleteNow(state, input.SecretId) : scheduleDeletion(state, input.SecretId, days);
};

/** Succeeds for a missing secret, as documented. */
const deleteNow = (state: State, secretId: string) => {
  const found = state.lookUp(secretId);
  const secret = found === undefined ? undefined : state.findWritable(secretId);
  if (secret !== undefined) {
    requireNoReplicas(secret);
    state.remove(secret);
  }
  const gone = secret === undefined ? { ARN: state.newArn(secretId), Name: secretId } : identity(secret);
  return { ...gone, DeletionDate: toSeconds(state.options.now()) };
};

const scheduleDeletion = (state: State, secretId: string, days: number) => {
  const secret = state.findWritable(secretId);
  requireNoReplicas(secret);
  if (secret.deletion !== undefined) throw markedForDeletion();
  const askedAt = state.options.now();
  secret.deletion = { askedAt, endsAt: askedAt + days * DAY_MS };
  state.changed(secret);
  return { ...identity(secret), DeletionDate: toSeconds(secret.deletion.endsAt) };
};

export const restoreSecret = (state: State, input: Requests['RestoreSecret']) => {
  const secret = state.findWritable(input.SecretId);
  secret.deletion = undefined;
  state.changed(secret);
  return identity(secret);
};

export const tagResource = (state: State, input: Requests['TagResource']) => {
  const secret = state.findChangeable(input.SecretId);
  secret.tags = withTags(secret.tags, input.Tags);
  state.changed(secret);
  return {};
};

export const untagResource = (state: State, input: Requests['UntagResource']) => {
  const secret = state.findChangeable(input.SecretId);
  const removed = new Set(input.TagKeys);
  secret.tags = new Map([...secret.tags].filter(([key]) => !removed.has(key)));
  state.changed(secret);
  return {};
};

export const identity = (secret: StoredSecret) => ({ ARN: secret.arn, Name: secret.name });

/** SDKs generate the token. A raw request must contain it. */
export const requireToken = (token: string | undefined): string => {
  if (token !== undefined) return token;
  throw invalidRequest('You must provide a ClientRequestToken value. We recommend a UUID-type value.');
};

export const optionalContent = (input: ContentInput): ContentInput | undefined => {
  const { SecretString, SecretBinary } = input;
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString !== undefined) return { SecretString };
  return SecretBinary === undefined ? undefined : { SecretBinary };
};

const startOfDay = (at: number): number => at - (at % DAY_MS);

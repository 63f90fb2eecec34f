import { ServiceError } from '../service-error.ts';
import { identity, optionalContent, requireToken } from './actions.ts';
import { invalidParameter, invalidRequest, notFound } from './errors.ts';
import { pageOfSecrets } from './list-actions.ts';
import { decodeToken, encodeToken } from './paging.ts';
import type { Requests } from './requests.ts';
import { type State, type StoredSecret, toSeconds } from './state.ts';
import { addVersion, CURRENT, moveLabel, type Version } from './versions.ts';

/** The actions on versions and their staging labels. */

export const putSecretValue = (state: State, input: Requests['PutSecretValue']) => {
  const secret = state.findChangeable(input.SecretId);
  const token = requireToken(input.ClientRequestToken);
  const content = optionalContent(input);
  if (content === undefined) throw invalidRequest('You must provide either SecretString or SecretBinary.');
  const version = addVersion(secret, token, content, input.VersionStages ?? [CURRENT], state.options.now());
  state.changed(secret);
  return { ...identity(secret), VersionId: version.id, VersionStages: [...version.labels] };
};

export const getSecretValue = (state: State, input: Requests['GetSecretValue']) => {
  const secret = state.findUsable(input.SecretId);
  const version = selectVersion(secret, input.VersionId, input.VersionStage);
  version.accessedAt = state.options.now();
  return valueIn(secret, version);
};

const selectVersion = (secret: StoredSecret, id: string | undefined, label: string | undefined): Version => {
  if (id === undefined) {
    const wanted = label ?? CURRENT;
    const version = secret.holders.get(wanted);
    if (version !== undefined) return version;
    throw notFound(`Secrets Manager can't find the specified secret value for staging label: ${wanted}`);
  }
  const version = secret.versions.get(id);
  if (version === undefined) {
    throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
  }
  if (label !== undefined && !version.labels.has(label)) {
    throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  }
  return version;
};

const valueIn = (secret: StoredSecret, version: Version) => ({
  ...identity(secret),
  VersionId: version.id,
  ...version.content,
  VersionStages: [...version.labels],
  CreatedDate: toSeconds(version.createdAt),
});

export const batchGetSecretValue = (state: State, input: Requests['BatchGetSecretValue']) => {
  if ((input.SecretIdList === undefined) === (input.Filters === undefined)) {
    throw invalidParameter('You must include Filters or SecretIdList, but not both.');
  }
  const page =
    input.SecretIdList === undefined
      ? pageOfSecrets(state, { ...input, Filters: input.Filters, MaxResults: input.MaxResults ?? 20 })
      : undefined;
  const ids = input.SecretIdList ?? page?.SecretList.map((entry) => entry.ARN) ?? [];
  const results = ids.map((id) => tryGet(state, id));
  return {
    SecretValues: results.flatMap((result) => ('value' in result ? [result.value] : [])),
    Errors: results.flatMap((result) => ('error' in result ? [result.error] : [])),
    ...(page?.NextToken !== undefined && { NextToken: page.NextToken }),
  };
};

const tryGet = (state: State, SecretId: string) => {
  try {
    return { value: getSecretValue(state, { SecretId }) };
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    return { error: { SecretId, ErrorCode: thrown.code, Message: thrown.message } };
  }
};

export const listSecretVersionIds = (state: State, input: Requests['ListSecretVersionIds']) => {
  const secret = state.find(input.SecretId);
  const versions = [...secret.versions.values()].filter((v) => input.IncludeDeprecated === true || v.labels.size > 0);
  const scope = `${secret.arn} ${input.IncludeDeprecated === true}`;
  const start = input.NextToken === undefined ? 0 : decodeToken(input.NextToken, scope);
  const end = start + (input.MaxResults ?? 100);
  return {
    ...identity(secret),
    Versions: versions.slice(start, end).map((version) => ({
      VersionId: version.id,
      VersionStages: [...version.labels],
      CreatedDate: toSeconds(version.createdAt),
    })),
    ...(end < versions.length && { NextToken: encodeToken(end, scope) }),
  };
};

export const updateSecretVersionStage = (state: State, input: Requests['UpdateSecretVersionStage']) => {
  const secret = state.findChangeable(input.SecretId);
  const { VersionStage: label, MoveToVersionId: to } = input;
  checkFence(label, secret.holders.get(label), input);
  const target = to === undefined ? undefined : secret.versions.get(to);
  if (to !== undefined && target === undefined) {
    throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${to}`);
  }
  moveLabel(secret, label, target);
  state.changed(secret);
  return identity(secret);
};

/**
 * "If the label is attached and you either do not specify this parameter, or the version ID does not match, [it]
 * fails."
 */
const checkFence = (
  label: string,
  holder: Version | undefined,
  { MoveToVersionId: to, RemoveFromVersionId: from }: Requests['UpdateSecretVersionStage'],
): void => {
  if (from === undefined && to === undefined) {
    throw invalidParameter('You must provide MoveToVersionId or RemoveFromVersionId.');
  }
  if (to === undefined && label === CURRENT) {
    throw invalidParameter(
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    );
  }
  if (from !== undefined && holder?.id !== from) {
    throw invalidParameter(
      `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${label}.`,
    );
  }
  if (from === undefined && holder !== undefined && holder.id !== to) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
};

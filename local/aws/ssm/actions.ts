import { createHash } from 'node:crypto';
import { alreadyExists, invalid, typeMismatch } from './errors.ts';
import { compileFilters } from './filters.ts';
import { checkName } from './names.ts';
import { pageOf } from './paging.ts';
import type { Requests } from './requests.ts';
import { currentOf, MAX_VERSIONS, type Parameter, type State, type Tier, type Version, withTags } from './state.ts';

/** The actions. Source: the page of each action in the API reference. */

const LIMIT_BYTES: Readonly<Record<Tier, number>> = { Standard: 4096, Advanced: 8192 };
const PAGE = 50;
const DEFAULT_KEY = 'alias/aws/ssm';

export const putParameter = (state: State, input: Requests['PutParameter'], caller: string) => {
  const { Name: name, Overwrite: overwrite = false, Tags: tags = [] } = input;
  checkName(name, state.arnOf(name));
  if (overwrite && tags.length > 0) {
    throw invalid("Invalid request: tags and overwrite can't be used together. To update tags, use AddTagsToResource.");
  }
  const existing = state.lookUp(name);
  if (existing !== undefined && !overwrite) throw alreadyExists();
  const version = nextVersion(input, existing && currentOf(existing), state.options.now(), caller);
  if (existing === undefined) state.add(name, version, withTags(new Map(), tags));
  else {
    const [first, ...others] = existing.versions;
    const kept = [...others, version] as const;
    const [second = version, ...later] = kept;
    state.replace({
      ...existing,
      versions: existing.versions.length < MAX_VERSIONS ? [first, ...kept] : [second, ...later],
    });
  }
  return { Version: version.number, Tier: version.tier };
};

const nextVersion = (
  input: Requests['PutParameter'],
  replaced: Version | undefined,
  now: number,
  caller: string,
): Version => {
  const { Type: type = replaced?.type, Tier: tier = 'Standard', Value: value } = input;
  if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
  if (replaced !== undefined && replaced.type !== type) throw typeMismatch(replaced.type, type);
  if (replaced?.tier === 'Advanced' && tier === 'Standard') {
    throw invalid("This parameter uses the advanced-parameter tier. You can't downgrade it to the standard tier.");
  }
  if (Buffer.byteLength(value) > LIMIT_BYTES[tier]) {
    throw invalid(`${tier} tier parameters support a maximum parameter value of ${LIMIT_BYTES[tier]} characters.`);
  }
  if (value.includes('{{')) throw invalid('Parameter value can\'t nest another parameter. Do not use "{{}}" in it.');
  if (input.KeyId !== undefined && type !== 'SecureString') throw invalid('KeyId is for SecureString only.');
  return {
    number: (replaced?.number ?? 0) + 1,
    value,
    // AWS does not document a description that is left out. Readers of descriptions must survive that it stays.
    description: input.Description ?? replaced?.description,
    type,
    keyId: type === 'SecureString' ? (input.KeyId ?? replaced?.keyId ?? DEFAULT_KEY) : undefined,
    tier,
    changedAt: now,
    changedBy: caller,
  };
};

export const getParameter = (state: State, { Name, WithDecryption = false }: Requests['GetParameter']) => {
  const { parameter, version } = state.findVersion(Name);
  const selector = /:\d+$/.exec(Name)?.[0];
  return {
    Parameter: {
      Name: parameter.name,
      ARN: parameter.arn,
      Type: version.type,
      Value: shown(version, WithDecryption),
      Version: version.number,
      LastModifiedDate: version.changedAt / 1000,
      DataType: 'text',
      ...(selector !== undefined && { Selector: selector }),
    },
  };
};

/** Without decryption, AWS returns the ciphertext. */
const shown = ({ type, value, number }: Version, isDecrypted: boolean): string =>
  type !== 'SecureString' || isDecrypted ? value : createHash('sha256').update(`${number} ${value}`).digest('base64');

export const getParameterHistory = (state: State, input: Requests['GetParameterHistory']) => {
  const parameter = state.find(input.Name);
  const { rows, next } = pageOf(parameter.versions, ({ number }) => number, input, PAGE, parameter.arn);
  return {
    Parameters: rows.map((version) => ({
      ...metadataOf(parameter, version),
      Value: shown(version, input.WithDecryption ?? false),
      Labels: [],
    })),
    ...next,
  };
};

/** AWS fills a page before it filters, so a page can be empty although others follow. */
export const describeParameters = (state: State, input: Requests['DescribeParameters']) => {
  const matches = compileFilters(input.ParameterFilters ?? []);
  const scope = JSON.stringify(input.ParameterFilters ?? []);
  const { rows, next } = pageOf(state.parameters(), ({ sequence }) => sequence, input, PAGE, scope);
  return {
    Parameters: rows.filter(matches).map((parameter) => ({
      ...metadataOf(parameter, currentOf(parameter)),
      ARN: parameter.arn,
    })),
    ...next,
  };
};

const metadataOf = ({ name }: Parameter, version: Version) => ({
  Name: name,
  Type: version.type,
  ...(version.keyId !== undefined && { KeyId: version.keyId }),
  LastModifiedDate: version.changedAt / 1000,
  LastModifiedUser: version.changedBy,
  ...(version.description !== undefined && { Description: version.description }),
  Version: version.number,
  Tier: version.tier,
  Policies: [],
  DataType: 'text',
});

export const deleteParameter = (state: State, { Name }: Requests['DeleteParameter']) => {
  state.remove(Name);
  return {};
};

export const addTagsToResource = (state: State, { ResourceId, Tags }: Requests['AddTagsToResource']) => {
  const parameter = state.findResource(ResourceId);
  state.replace({ ...parameter, tags: withTags(parameter.tags, Tags) });
  return {};
};

export const listTagsForResource = (state: State, { ResourceId }: Requests['ListTagsForResource']) => ({
  TagList: [...state.findResource(ResourceId).tags].map(([Key, Value]) => ({ Key, Value })),
});

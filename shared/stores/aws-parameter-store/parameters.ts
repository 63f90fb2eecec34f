import {
  GetParameterCommand,
  ListTagsForResourceCommand,
  type ParameterHistory,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import type { Stamp } from '#shared/domain/stamp.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import { readStamp } from '#shared/stores/aws-parameter-store/description.ts';
import {
  callParameterStore,
  isRefusal,
  notAnswered,
  toParameterError,
} from '#shared/stores/aws-parameter-store/errors.ts';

/** Source: Systems Manager API reference, GetParameterHistory and DescribeParameters, `MaxResults`. */
export const PAGE_SIZE = 50;

/** State of one parameter. A `plain` one is not encrypted, although it carries our tag. */
type Found = { readonly kind: 'absent' | 'foreign' | 'plain' } | OwnedParameter;

export interface OwnedParameter {
  readonly kind: 'owned';
  /** Undefined if another writer made the current version. */
  readonly stamp: Stamp | undefined;
  /** Number of the current version. */
  readonly version: number;
}

/** Reads about one owner's parameters. */
export interface Parameters {
  /** Looks up one name without reading a value. */
  look(name: string): Promise<Found>;
  /** Reads a value. `version` is its number; the current one if left out. Undefined if it does not exist. */
  read(name: string, version?: number): Promise<Secret | undefined>;
}

/**
 * Creates the reads of one owner's parameters. DescribeParameters would look up a name in one call, but AWS throttles
 * it far earlier than the two calls here.
 */
export const createParameters = (client: SSMClient, owner: string): Parameters => {
  const look = async (name: string): Promise<Found> => {
    const owned = await isOwned(name);
    if (owned === undefined) return { kind: 'absent' };
    // The history of a foreign parameter of type String contains its value.
    return owned ? lookAtNewest(name) : { kind: 'foreign' };
  };

  /** Undefined if the parameter does not exist. */
  const isOwned = async (name: string): Promise<boolean | undefined> => {
    try {
      const tags = await callParameterStore(
        { action: 'ListTagsForResource', secret: name },
        client.send(new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: name })),
        ({ TagList }) => TagList,
      );
      return tags.some(({ Key, Value }) => Key === OWNER_TAG && Value === owner);
    } catch (error) {
      if (isRefusal(error, 'InvalidResourceId')) return undefined;
      throw error;
    }
  };

  const lookAtNewest = async (name: string): Promise<Found> => {
    const call = { action: 'GetParameterHistory', secret: name };
    let newest: ParameterHistory | undefined;
    try {
      const pages = paginateGetParameterHistory({ client, pageSize: PAGE_SIZE }, { Name: name, WithDecryption: false });
      for await (const { Parameters: versions = [] } of pages) {
        for (const version of versions) if ((version.Version ?? 0) > (newest?.Version ?? 0)) newest = version;
      }
    } catch (thrown) {
      const error = toParameterError(thrown, call);
      if (isRefusal(error, 'ParameterNotFound')) return { kind: 'absent' };
      throw error;
    }
    if (newest?.Version === undefined) throw notAnswered(call);
    if (newest.Type !== 'SecureString') return { kind: 'plain' };
    return { kind: 'owned', stamp: readStamp(newest.Description, newest.Version), version: newest.Version };
  };

  const read = async (name: string, version?: number): Promise<Secret | undefined> => {
    const Name = version === undefined ? name : `${name}:${version}`;
    try {
      const { Value } = await callParameterStore(
        { action: 'GetParameter', secret: name },
        client.send(new GetParameterCommand({ Name, WithDecryption: true })),
        ({ Parameter }) => Parameter,
      );
      return Value === undefined ? undefined : new Secret(Value);
    } catch (error) {
      if (isRefusal(error, 'ParameterNotFound', 'ParameterVersionNotFound')) return undefined;
      throw error;
    }
  };

  return { look, read };
};

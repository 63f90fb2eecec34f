import {
  DeleteParameterCommand,
  type ParameterMetadata,
  paginateDescribeParameters,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { shellQuote } from '#shared/domain/shell.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { createDeliver } from '#shared/stores/aws-parameter-store/delivery.ts';
import { readStamp } from '#shared/stores/aws-parameter-store/description.ts';
import {
  callParameterStore,
  isRefusal,
  notAnswered,
  toParameterError,
} from '#shared/stores/aws-parameter-store/errors.ts';
import { createParameters, PAGE_SIZE } from '#shared/stores/aws-parameter-store/parameters.ts';
import type { Tier } from '#shared/stores/aws-parameter-store/rules.ts';
import type { Presence, SecretStore, StoredSecret } from '#shared/stores/store.ts';

export interface AwsParameterStoreOptions {
  readonly client: SSMClient;
  /** Client for puts, which must not be repeated blindly: its `maxAttempts` is 1. The same client if left out. */
  readonly writer?: SSMClient | undefined;
  /** Value of the owner tag, `<relayId>/<sync>`: at most 256 letters, digits, spaces and `_.:/=+-@`. */
  readonly owner: string;
  /** Tags of new parameters, beside the owner tag. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Key that encrypts values; the account's `aws/ssm` if left out. */
  readonly kmsKeyArn?: string | undefined;
  /** `standard` if left out. */
  readonly tier?: Tier | undefined;
}

/**
 * AWS Systems Manager Parameter Store, with SecureString parameters only. Parameters of the relay carry the owner tag.
 * The stamp of a parameter is in the description of its current version. AWS keeps the 100 newest versions. Tags are
 * set when a parameter is created and not changed afterwards; key and tier are those of the last delivery.
 */
export const createAwsParameterStore = (options: AwsParameterStoreOptions): SecretStore => {
  const { client, owner, tags: others = {} } = options;
  const parameters = createParameters(client, owner);

  const list = async function* (): AsyncIterable<readonly StoredSecret[]> {
    const call = { action: 'DescribeParameters', secret: `list of ${owner}` };
    const filters = [{ Key: `tag:${OWNER_TAG}`, Option: 'Equals', Values: [owner] }];
    const pages = paginateDescribeParameters({ client, pageSize: PAGE_SIZE }, { ParameterFilters: filters });
    try {
      for await (const { Parameters: page } of inTurn(pages)) {
        if (page === undefined) throw notAnswered(call);
        yield page.flatMap(toStoredSecrets);
      }
    } catch (thrown) {
      throw toParameterError(thrown, call);
    }
  };

  const inspect = async (name: string): Promise<Presence> => {
    const found = await parameters.look(name);
    switch (found.kind) {
      case 'absent':
        return { kind: 'absent' };
      case 'owned':
        return { kind: 'owned', stamp: found.stamp, retired: false };
      default:
        return { kind: 'foreign' };
    }
  };

  const retire: SecretStore['retire'] = async (name) => {
    if ((await parameters.look(name)).kind !== 'owned') return false;
    try {
      const deletion = client.send(new DeleteParameterCommand({ Name: name }));
      await callParameterStore({ action: 'DeleteParameter', secret: name }, deletion, (answer) => answer);
    } catch (error) {
      // An earlier attempt of the SDK, whose answer was lost, may have deleted it.
      if (!isRefusal(error, 'ParameterNotFound')) throw error;
    }
    return true;
  };

  const adoption: SecretStore['adoption'] = (name) =>
    `aws ssm add-tags-to-resource --resource-type Parameter --resource-id ${shellQuote(name)} --tags ${shellQuote(JSON.stringify([{ Key: OWNER_TAG, Value: owner }]))}`;

  const deliver = createDeliver({
    writer: options.writer ?? client,
    parameters,
    tags: [{ Key: OWNER_TAG, Value: owner }, ...Object.entries(others).map(([Key, Value]) => ({ Key, Value }))],
    kmsKeyArn: options.kmsKeyArn,
    tier: options.tier ?? 'standard',
    adoption,
  });

  return {
    list,
    inspect,
    holds: async (name, value) => (await parameters.read(name))?.equals(value) ?? false,
    deliver,
    retire,
    adoption,
  };
};

/** Parameters of another type than SecureString are foreign. */
const toStoredSecrets = ({ Name, Type, Description, Version }: ParameterMetadata): StoredSecret[] =>
  Name === undefined || Version === undefined || Type !== 'SecureString'
    ? []
    : [{ name: Name, stamp: readStamp(Description, Version) }];

let lastPage: Promise<unknown> = Promise.resolve();

/** Reads the pages of all lists of this process one after the other, because AWS throttles them early. */
const inTurn = async function* <Page>(pages: AsyncGenerator<Page>): AsyncIterable<Page> {
  for (;;) {
    const turn = lastPage.then(() => pages.next());
    lastPage = turn.catch(() => {});
    const { done, value } = await turn;
    if (done === true) return;
    yield value;
  }
};

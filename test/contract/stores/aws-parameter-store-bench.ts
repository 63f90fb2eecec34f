import {
  AddTagsToResourceCommand,
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  paginateDescribeParameters,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { OWNER_TAG } from '#shared/names.ts';
import { awsParameterStoreRules, TIER_BYTES, type Tier } from '#shared/stores/aws-parameter-store/rules.ts';
import { createAwsParameterStore } from '#shared/stores/aws-parameter-store/store.ts';
import type { InProcessOptions } from '#test/support/parameter-store.ts';
import type { StoreBench } from './store-scene.ts';

/** Returns a client of the server. The options are for the local server only. */
type Connect = (options?: InProcessOptions) => SSMClient;

/** Parameter Store in one tier, behind any server that has its API. */
export const parameterStoreBench = (tier: Tier, start: () => Connect, isLocal = false): StoreBench => ({
  rules: { ...awsParameterStoreRules, valueBytes: TIER_BYTES[tier] },
  async open() {
    const connect = start();
    const client = connect();
    return {
      ...(isLocal && {
        pageSize: 50,
        connectThrough: (owner, around) => createAwsParameterStore({ client: connect({ around }), owner, tier }),
        connectGarbled: (owner) => createAwsParameterStore({ client: connect({ garbles: true }), owner, tier }),
      }),
      connect: (owner) => createAwsParameterStore({ client, owner, tier }),
      async makeForeign(name, value) {
        await client.send(new PutParameterCommand({ Name: name, Value: value, Type: 'SecureString' }));
      },
      async adopt(name, owner) {
        const Tags = [{ Key: OWNER_TAG, Value: owner }];
        await client.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: name, Tags }));
      },
      async valueOf(name) {
        try {
          return (await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }))).Parameter?.Value;
        } catch (error) {
          if (error instanceof ParameterNotFound) return undefined;
          throw error;
        }
      },
      async readable(name) {
        const values: string[] = [];
        try {
          for await (const page of paginateGetParameterHistory({ client }, { Name: name, WithDecryption: true })) {
            values.push(...(page.Parameters ?? []).flatMap(({ Value }) => Value ?? []));
          }
        } catch (error) {
          if (!(error instanceof ParameterNotFound)) throw error;
        }
        return values;
      },
      async everythingVisible() {
        const pages: unknown[] = [];
        for await (const page of paginateDescribeParameters({ client }, {})) pages.push(page);
        return JSON.stringify(pages);
      },
      close: async () => client.destroy(),
    };
  },
});

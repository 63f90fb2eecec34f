import {
  AddTagsToResourceCommand,
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { OWNER_TAG } from '#shared/names.ts';
import { awsParameterStoreRules, TIER_BYTES, type Tier } from '#shared/stores/aws-parameter-store/rules.ts';
import { createAwsParameterStore } from '#shared/stores/aws-parameter-store/store.ts';
import type { StoreBench } from './store-scene.ts';

/** Parameter Store in one tier, behind any server that has its API. */
export const parameterStoreBench = (tier: Tier, connect: () => SSMClient): StoreBench => ({
  rules: { ...awsParameterStoreRules, valueBytes: TIER_BYTES[tier] },
  async open() {
    const client = connect();
    return {
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
      close: async () => client.destroy(),
    };
  },
});

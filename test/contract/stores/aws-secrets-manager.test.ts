import {
  CreateSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';
import { describeStore } from './store-suite.ts';

describeStore('AWS Secrets Manager', {
  rules: awsSecretsManagerRules,
  async open() {
    const client = connectInProcess(createSecretsManager());
    return {
      connect: (owner) => createAwsSecretsManagerStore({ client, owner }),
      async makeForeign(name, value) {
        await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
      },
      async adopt(name, owner) {
        await client.send(new TagResourceCommand({ SecretId: name, Tags: [{ Key: OWNER_TAG, Value: owner }] }));
      },
      async valueOf(name) {
        try {
          const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: name }));
          return SecretString ?? SecretBinary;
        } catch (error) {
          if (error instanceof ResourceNotFoundException || error instanceof InvalidRequestException) return undefined;
          throw error;
        }
      },
    };
  },
});

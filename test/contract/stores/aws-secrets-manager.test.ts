import {
  CreateSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  ListSecretVersionIdsCommand,
  paginateListSecrets,
  ResourceNotFoundException,
  RestoreSecretCommand,
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
    const manager = createSecretsManager();
    const client = connectInProcess(manager);
    /** The result of a call; undefined if there is no such secret or value. */
    const ifThere = async <Answer>(call: Promise<Answer>): Promise<Answer | undefined> => {
      try {
        return await call;
      } catch (error) {
        if (error instanceof ResourceNotFoundException || error instanceof InvalidRequestException) return undefined;
        throw error;
      }
    };
    const read = async (name: string, version?: string) => {
      const answer = await ifThere(client.send(new GetSecretValueCommand({ SecretId: name, VersionId: version })));
      return answer && (answer.SecretString ?? answer.SecretBinary);
    };
    return {
      pageSize: 100,
      connect: (owner) => createAwsSecretsManagerStore({ client, owner }),
      connectThrough: (owner, around) =>
        createAwsSecretsManagerStore({ client: connectInProcess(manager, { around }), owner }),
      connectGarbled: (owner) =>
        createAwsSecretsManagerStore({ client: connectInProcess(manager, { garbles: true }), owner }),
      async makeForeign(name, value) {
        await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
      },
      async adopt(name, owner) {
        await client.send(new TagResourceCommand({ SecretId: name, Tags: [{ Key: OWNER_TAG, Value: owner }] }));
      },
      valueOf: (name) => read(name),
      async readable(name) {
        await ifThere(client.send(new RestoreSecretCommand({ SecretId: name })));
        const versions = await ifThere(
          client.send(new ListSecretVersionIdsCommand({ SecretId: name, IncludeDeprecated: true })),
        );
        const values = await Promise.all((versions?.Versions ?? []).map(({ VersionId }) => read(name, VersionId)));
        return values.flatMap((value) => value ?? []);
      },
      async everythingVisible() {
        const pages: unknown[] = [];
        for await (const page of paginateListSecrets({ client }, { IncludePlannedDeletion: true })) pages.push(page);
        return JSON.stringify([pages, manager.calls]);
      },
    };
  },
});

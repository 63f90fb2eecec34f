/**
 * Provisions, withdraws or deletes the resources of one subject, or undoes them after an error. Handles initial
 * passwords. Repeatable.
 */
import { createS3SharedRecords } from '#shared/aws/s3.ts';
import { limitsOf, ruleOf } from '#shared/config/rules.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { provisionSteps } from '#shared/workflows/provision.ts';
import { createApply } from './apply.ts';

const { config, env, providerOf, resourceTypesOf } = createRelay(provisionSteps.apply);

export const handler = defineHandler(
  provisionSteps.apply,
  createApply({
    relayId: env.relayId,
    blueprintOf: (rule) => ruleOf(config, 'provision', rule),
    typesOf: resourceTypesOf,
    providerOf,
    inFlightOf: (connection) => limitsOf(config, connection).inFlight,
    records: createS3SharedRecords(env.get('RECORDS_BUCKET')),
    // Imported late, because few invocations create an account.
    readPassword: async (name) => {
      const { readOperatorSecret } = await import('#shared/aws/operator-secret.ts');
      const { secretsManager } = await import('#shared/aws/secrets-manager.ts');
      const { value } = await readOperatorSecret({
        client: secretsManager(),
        name,
        kind: 'initial password',
        shape: 'the password as text',
      });
      return value;
    },
    now: Date.now,
  }),
);

/**
 * Provisions, withdraws or deletes the resources of one subject, or undoes them after an error. Handles initial
 * passwords. Repeatable.
 */
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { createS3SharedRecords } from '#shared/aws/s3.ts';
import { secretsManager } from '#shared/aws/secrets-manager.ts';
import { limitsOf, ruleOf } from '#shared/config/rules.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { provisionSteps } from '#shared/workflows/provision.ts';
import { createApply } from './apply.ts';

const { config, env, vaultOf, resourceTypesOf } = createRelay(provisionSteps.apply);

export const handler = defineHandler(
  provisionSteps.apply,
  createApply({
    relayId: env.relayId,
    blueprintOf: (rule) => ruleOf(config, 'provision', rule),
    typesOf: resourceTypesOf,
    vaultOf: (connection) => vaultOf(connection),
    inFlightOf: (connection) => limitsOf(config, connection).inFlight,
    records: createS3SharedRecords(env.get('RECORDS_BUCKET')),
    readPassword: async (name) => {
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

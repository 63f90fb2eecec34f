import { join } from 'node:path';
import { LOCAL_REGION } from './aws/environment.ts';
import { exampleRules } from './example-rules.ts';
import { machineArn } from './executions.ts';
import { planCommand, ROTATOR_CREDENTIALS } from './plan-command.ts';
import { describePraSite, PRA_ENVIRONMENT, PRA_SYNC, praAddresses, praCommands } from './pra-site.ts';
import { RULE } from './rotations/fleet.ts';
import { SANDBOX_APPROVER, SANDBOX_USER } from './sandbox-contents.ts';
import { describeSecretSafe, secretSafeAddresses, secretSafeCommands } from './secretsafe-server.ts';
import type { SecretSafeSimulator } from './simulators/secretsafe/server.ts';
import type { SraSimulator } from './simulators/sra/server.ts';
import { OPENBAO_CA_FILE } from './stores.ts';
import { CHECKOUT, WEBHOOK_KEY, webhookUrl } from './tickets/service-desk.ts';
import type { World } from './world.ts';

/** The simulators beside Password Safe. */
export interface Beside {
  readonly pra: SraSimulator;
  readonly secretSafe: SecretSafeSimulator;
}

/** Addresses and credentials for clients of the sandbox. Output of `--json`. */
export const addresses = ({ vault, aws, openBao, directory }: World, { pra, secretSafe }: Beside) => ({
  passwordSafe: {
    url: vault.url,
    caFile: join(directory, 'ca.pem'),
    ...SANDBOX_USER.oauth,
    apiKey: SANDBOX_USER.apiKey.key,
    runAs: SANDBOX_USER.userName,
    approver: {
      apiKey: SANDBOX_APPROVER.apiKey.key,
      runAs: SANDBOX_APPROVER.userName,
      password: SANDBOX_APPROVER.apiKey.password,
    },
  },
  pra: praAddresses({ directory }, pra),
  secretSafe: secretSafeAddresses({ directory }, secretSafe),
  aws: { endpoint: aws.endpoint, region: LOCAL_REGION, intakeQueue: queueUrl(aws) },
  webhook: { url: webhookUrl({ aws }), key: WEBHOOK_KEY },
  ...(openBao !== undefined && {
    openBao: { url: openBao.url, caFile: join(directory, OPENBAO_CA_FILE), token: openBao.rootToken },
  }),
});

const queueUrl = ({ template }: World['aws']): string | undefined =>
  template.ofType('AWS::SQS::Queue').find(({ identity }) => identity.name === `${template.stackName}-intake`)?.identity
    .ref;

const HOUR_MS = 3_600_000;

/** Body of a webhook about one change, in single quotes of a shell. */
const changeFor = ({ vault, clock }: World, count: number, state: string, hours: number): string => {
  const account = vault.accounts().filter(({ kind, type }) => kind === 'plain' && type === 'database')[1];
  const at = (hour: number) => new Date(clock.now() + hour * HOUR_MS).toISOString().slice(0, 19).replace('T', ' ');
  return JSON.stringify({
    number: 'CHG0000001',
    sys_mod_count: count,
    state,
    approval: 'approved',
    start_date: at(0),
    end_date: at(hours),
    short_description: 'Try it',
    cmdb_ci: account?.systemName,
    account: account?.accountName,
  });
};

/** A shell function that signs a body by Standard Webhooks and sends it, and bodies of one change. */
const describeWebhook = (world: World): string => {
  const key = Buffer.from(WEBHOOK_KEY.slice('whsec_'.length), 'base64').toString('hex');
  return `Open a change by a webhook, extend it, and close it. Each is answered with 202:
  webhook() {
    id="msg_$$_$(date +%s)"; at=$(date +%s)
    mac=$(printf %s "$id.$at.$1" | openssl dgst -sha256 -mac HMAC -macopt hexkey:${key} -binary | base64)
    curl -sS -w '%{http_code}\\n' -H 'content-type: application/json' -H "webhook-id: $id" -H "webhook-timestamp: $at" -H "webhook-signature: v1,$mac" --data-binary "$1" ${webhookUrl(world)}
  }
  webhook '${changeFor(world, 1, '-1', 1)}'
  webhook '${changeFor(world, 2, '-1', 1.5)}'
  webhook '${changeFor(world, 3, '3', 1.5)}'
  curl -sS --aws-sigv4 aws:amz:${LOCAL_REGION}:secretsmanager --user local:local -H 'content-type: application/x-amz-json-1.1' -H 'x-amz-target: secretsmanager.ListSecrets' -d '{"Filters":[{"Key":"name","Values":["changes/"]}]}' ${world.aws.endpoint}`;
};

/** Address of a database account of the sandbox. */
const addressIn = ({ vault }: World) => {
  const account = vault.accounts().find(({ kind, type }) => kind === 'plain' && type === 'database');
  return { systemName: account?.systemName, accountName: account?.accountName };
};

/** A message that checks out an account of the sandbox. */
const messageFor = (world: World): string =>
  JSON.stringify({
    type: 'checkout.requested',
    checkout: 'passwords',
    id: 'CHG1',
    items: [addressIn(world)],
    window: { minutes: 5 },
    reason: 'Try it',
  });

/** A message that rotates an account of the sandbox. */
const rotationFor = (world: World): string =>
  JSON.stringify({ type: 'rotation.requested', rotation: RULE, id: 'INC1', items: [addressIn(world)] });

/** Address of the OpenBao of the sandbox, with commands to paste. */
const describeOpenBao = ({ url, caFile, token }: NonNullable<ReturnType<typeof addresses>['openBao']>): string => `
OpenBao
  URL            ${url}
  CA file        ${caFile}
  root token     ${token}
  curl -sS --cacert ${caFile} -H 'X-Vault-Token: ${token}' '${url}/v1/secret/metadata/pam-relay/fleet?list=true'
`;

/** Everything that a person needs to use the sandbox, with commands to paste. */
export const describeSandbox = (world: World, beside: Beside): string => {
  const { passwordSafe, pra, secretSafe, aws, openBao, webhook } = addresses(world, beside);
  const { approver } = passwordSafe;
  const rules = exampleRules().map(({ rule, example }) => `  ${rule.padEnd(14)} examples/${example}.yaml`);
  const schedules = world.aws.scheduler.schedules.map(({ name, expression }) => `  ${name.padEnd(14)} ${expression}`);
  return `
Password Safe
  URL            ${passwordSafe.url}
  CA file        ${passwordSafe.caFile}
  client id      ${passwordSafe.clientId}
  client secret  ${passwordSafe.clientSecret}
  API key        ${passwordSafe.apiKey}
  run as         ${passwordSafe.runAs}
  The user may use every call: accounts, keys, aliases, Secrets Safe, policies. docs/sandbox.md lists them.

Approver of its requests
  API key        ${approver.apiKey}
  run as         ${approver.runAs}
  password       ${approver.password}
${describePraSite(pra)}
${describeSecretSafe(secretSafe)}
AWS
  endpoint       ${aws.endpoint}
  region         ${aws.region}
  queue          ${aws.intakeQueue}
${openBao === undefined ? '' : describeOpenBao(openBao)}
Schedules
${schedules.join('\n')}

Rules for checkouts
${rules.join('\n')}
  ${CHECKOUT.padEnd(14)} examples/webhooks.yaml

Rules for rotations
  ${RULE.padEnd(14)} examples/rotation.yaml

Webhook
  URL            ${webhook.url}
  key            ${webhook.key}

Sign in to Password Safe and list the accounts:
  export CURL_CA_BUNDLE=${passwordSafe.caFile}
  curl -sSc jar -X POST -H 'Content-Length: 0' -H 'Authorization: PS-Auth key=${passwordSafe.apiKey}; runas=${passwordSafe.runAs};' ${passwordSafe.url}/Auth/SignAppIn
  curl -sSb jar ${passwordSafe.url}/ManagedAccounts

${praCommands(pra)}

${secretSafeCommands(secretSafe)}

Show what the next run of each sync will do:
  ${planCommand(world, PRA_ENVIRONMENT)}

Start a sync and list the delivered secrets:
  export AWS_ENDPOINT_URL=${aws.endpoint} AWS_REGION=${aws.region} AWS_DEFAULT_REGION=${aws.region} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  aws stepfunctions start-execution --state-machine-arn ${machineArn(world, 'sync')} --name "fleet.$(date +%s)" --input '{"sync":"fleet"}'
  aws stepfunctions start-execution --state-machine-arn ${machineArn(world, 'sync')} --name "${PRA_SYNC}.$(date +%s)" --input '{"sync":"${PRA_SYNC}"}'
  aws secretsmanager list-secrets --query 'SecretList[].Name'

Check out an account for five minutes, release it early, and list the executions:
  aws sqs send-message --queue-url ${aws.intakeQueue} --message-body '${messageFor(world)}'
  aws sqs send-message --queue-url ${aws.intakeQueue} --message-body '{"type":"checkout.released","checkout":"passwords","id":"CHG1"}'
  aws stepfunctions list-executions --state-machine-arn ${machineArn(world, 'checkout')}

Show the waves of the rotation, rotate one account at once, and list the executions. Start the sync first:
  ${ROTATOR_CREDENTIALS} ${planCommand(world)} --rotation ${RULE}
  aws sqs send-message --queue-url ${aws.intakeQueue} --message-body '${rotationFor(world)}'
  aws stepfunctions list-executions --state-machine-arn ${machineArn(world, 'rotate')}

${describeWebhook(world)}

Logs and histories: ${world.directory}
Press Ctrl-C to stop.`;
};

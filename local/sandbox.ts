import { once } from 'node:events';
import { join } from 'node:path';
import { count, flag, readArguments, UsageError } from './arguments.ts';
import { LOCAL_REGION } from './aws/environment.ts';
import { intervalOf } from './aws/rate.ts';
import { addExampleRules, exampleRules } from './example-rules.ts';
import { machineArn } from './executions.ts';
import { DEFAULT_APPLICATION } from './simulators/password-safe/users.ts';
import { startWorld, type World } from './world.ts';

/** `npm run sandbox`: the whole product with active schedules, until it is interrupted. */

/** Roles that the rules of the examples need. */
const REQUIRED_ROLES = ['requestor', 'isa'] as const;

/** Addresses and credentials for clients of the sandbox. Output of `--json`. */
const addresses = ({ vault, aws, directory }: World) => ({
  passwordSafe: {
    url: vault.url,
    caFile: join(directory, 'ca.pem'),
    ...DEFAULT_APPLICATION.oauth,
    apiKey: DEFAULT_APPLICATION.apiKey.key,
    runAs: DEFAULT_APPLICATION.userName,
  },
  aws: { endpoint: aws.endpoint, region: LOCAL_REGION, intakeQueue: queueUrl(aws) },
});

const queueUrl = ({ template }: World['aws']): string | undefined =>
  template.ofType('AWS::SQS::Queue').find(({ identity }) => identity.name === `${template.stackName}-intake`)?.identity
    .ref;

/** A message that checks out an account of the sandbox. */
const messageFor = ({ vault }: World): string => {
  const account = vault.accounts().find(({ kind, type }) => kind === 'plain' && type === 'database');
  return JSON.stringify({
    type: 'checkout.requested',
    checkout: 'passwords',
    id: 'CHG1',
    items: [{ systemName: account?.systemName, accountName: account?.accountName }],
    window: { minutes: 5 },
    reason: 'Try it',
  });
};

const describe = (world: World): string => {
  const { passwordSafe, aws } = addresses(world);
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

AWS
  endpoint       ${aws.endpoint}
  region         ${aws.region}
  queue          ${aws.intakeQueue}

Schedules
${schedules.join('\n')}

Rules for checkouts
${rules.join('\n')}

Start a sync and list the delivered secrets:
  export AWS_ENDPOINT_URL=${aws.endpoint} AWS_REGION=${aws.region} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  aws stepfunctions start-execution --state-machine-arn ${machineArn(world, 'sync')} --name "fleet.$(date +%s)" --input '{"sync":"fleet"}'
  aws secretsmanager list-secrets --query 'SecretList[].Name'

Check out an account for five minutes, release it early, and list the executions:
  aws sqs send-message --queue-url ${aws.intakeQueue} --message-body '${messageFor(world)}'
  aws sqs send-message --queue-url ${aws.intakeQueue} --message-body '{"type":"checkout.released","checkout":"passwords","id":"CHG1"}'
  aws stepfunctions list-executions --state-machine-arn ${machineArn(world, 'checkout')}

Logs and histories: ${world.directory}
Press Ctrl-C to stop.`;
};

/** Fires every schedule with a `rate(…)` at that rate, in real time. */
const keepSchedules = ({ aws, clock }: World): (() => void) => {
  const timers = aws.scheduler.schedules.flatMap(({ name, expression }) => {
    const interval = intervalOf(expression);
    const fire = () => {
      aws.scheduler.fire(name, clock.now()).catch((thrown) => console.error(`Schedule ${name}: ${thrown}`));
    };
    return interval === undefined ? [] : [setInterval(fire, interval)];
  });
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
};

const main = async (): Promise<void> => {
  const { accounts, seed, port, json } = readArguments(process.argv.slice(2), {
    accounts: count(40, { min: 1, max: 100_000 }),
    seed: count(1, { max: 2 ** 31 }),
    port: count(0, { max: 65_534 }),
    json: flag,
  });
  const world = await startWorld({
    accounts,
    seed,
    quotas: 'documented',
    configure: addExampleRules,
    ...(port !== 0 && { port }),
    onProgress: (line) => console.error(line),
  });
  world.vault.changeUser(DEFAULT_APPLICATION.userName, { roles: REQUIRED_ROLES });
  const stopSchedules = keepSchedules(world);
  console.log(json ? JSON.stringify(addresses(world)) : describe(world));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  stopSchedules();
  await world.close();
};

const isPortTaken = (thrown: unknown): thrown is Error =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE';

try {
  await main();
} catch (thrown) {
  if (!(thrown instanceof UsageError || isPortTaken(thrown))) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}

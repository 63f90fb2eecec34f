import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { createCloudFormationApi } from './cloudformation/api.ts';
import { createFleet, type Fleet } from './ec2/fleet.ts';
import { createEc2 } from './ec2/server.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './environment.ts';
import { type EventSources, startEventSources } from './event-sources/event-sources.ts';
import { createEventBus, type EventBus } from './events.ts';
import { createLambdaApi } from './functions/api.ts';
import { createFunctions, type Functions } from './functions/functions.ts';
import { type HttpApis, startHttpApis } from './http-api.ts';
import { createNeedsOf } from './permissions/needs.ts';
import { createPermissions, type Permissions } from './permissions/permissions.ts';
import { createQueues, makeQueues, type Queues } from './queues.ts';
import { createQuotas, type Quotas } from './quotas/quotas.ts';
import { MAX_CONCURRENT_INVOCATIONS, type Quota } from './quotas/table.ts';
import { makeBucketsAndTopics, makeSecrets, toFunction, toMachine } from './resources.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { createSecretsManager, type SecretsManager } from './secrets-manager/server.ts';
import { type AwsServer, startAwsServer } from './server.ts';
import { createParameterStore, type ParameterStore } from './ssm/server.ts';
import { createStepFunctionsApi } from './step-functions/api.ts';
import { createStepFunctions, type StepFunctions } from './step-functions/step-functions.ts';
import { type Issuer, startIssuer } from './sts/issuer.ts';
import { createRoles, type Roles } from './sts/roles.ts';
import { createSts } from './sts/server.ts';
import { createSessions } from './sts/sessions.ts';
import type { WebIdentityFederation } from './sts/web-identity.ts';
import { parseTemplate, type Template } from './template/template.ts';
import { everythingWritten, type Written } from './written.ts';

export interface AwsOptions {
  readonly stackName: string;
  /** The synthesised template, parsed from its JSON. */
  readonly template: unknown;
  /** The folder of each asset, by its object name in S3. */
  readonly assets: ReadonlyMap<string, string>;
  readonly clock: Clock;
  /** Directory of the logs and histories. */
  readonly runDirectory: string;
  /** Factor for the waits before retries of states and of messages. Default: 1. */
  readonly waitScale?: number;
  /** Running invocations that the account allows. Default: the quota of AWS. */
  readonly maxConcurrentInvocations?: number;
  /** Default: a free port. */
  readonly port?: number;
  /** The quotas of AWS to enforce. Default: all that are documented. */
  readonly quotas?: readonly Quota[];
}

/** The AWS side of one stack, on the loopback interface. */
export interface LocalAws {
  readonly endpoint: string;
  readonly region: string;
  readonly template: Template;
  readonly server: AwsServer;
  readonly permissions: Permissions;
  /** Roles of other accounts. */
  readonly roles: Roles;
  /** Web identity tokens of the account. Enabled from the start, unlike on AWS. */
  readonly federation: WebIdentityFederation;
  readonly secretsManager: SecretsManager;
  readonly parameterStore: ParameterStore;
  readonly functions: Functions;
  readonly stepFunctions: StepFunctions;
  readonly scheduler: Scheduler;
  readonly events: EventBus;
  readonly ec2: Fleet;
  readonly queues: Queues;
  readonly eventSources: EventSources;
  readonly httpApis: HttpApis;
  /** Calls refused because of a quota, by `service.Action`. */
  throttled(): Readonly<Record<string, number>>;
  /** All data written to the AWS side, except the values of secrets. */
  written(): AsyncIterable<Written>;
  close(): Promise<void>;
}

/** Starts a synthesised stack. @throws for anything in it that local mode does not support. */
export const startAws = async (options: AwsOptions): Promise<LocalAws> => {
  const { port, clock } = options;
  const quotas = createQuotas(clock.now, options.quotas);
  const server = await startAwsServer(port, clock.now, quotas);
  const issuer = await startIssuer();
  try {
    return await bringUp(options, server, quotas, issuer);
  } catch (thrown) {
    await issuer.close();
    await server.close();
    throw thrown;
  }
};

const bringUp = async (options: AwsOptions, server: AwsServer, quotas: Quotas, issuer: Issuer): Promise<LocalAws> => {
  const { clock, runDirectory, waitScale = 1 } = options;
  const { endpoint } = server;
  const template = parseTemplate({ stackName: options.stackName, json: options.template, endpoint });

  const roles = createRoles();
  const sessions = createSessions(clock.now);
  const permissions = createPermissions(template, { roles, sessions });
  const needsOf = createNeedsOf(template, server.objectExists);
  const accountOf = (caller: string) => permissions.principalOf(caller).account;
  server.recognise({ refusalOf: sessions.refusalOf, accountOf });
  server.guard(async (call, request) => permissions.check(call.caller, await needsOf(call, request)));

  const secretsManager = createSecretsManager({
    now: clock.now,
    region: LOCAL_REGION,
    accountId: LOCAL_ACCOUNT,
    accountOf,
    check: permissions.check,
  });
  const parameterStore = createParameterStore({
    now: clock.now,
    region: LOCAL_REGION,
    accountId: LOCAL_ACCOUNT,
    check: permissions.check,
  });
  const definitions = template.ofType('AWS::Lambda::Function').map((resource) => toFunction(resource, options.assets));
  const functions = createFunctions({
    definitions,
    endpoint,
    clock,
    logDirectory: join(runDirectory, 'logs'),
    maxConcurrent: options.maxConcurrentInvocations ?? MAX_CONCURRENT_INVOCATIONS,
  });
  const stepFunctions = createStepFunctions({
    machines: template.ofType('AWS::StepFunctions::StateMachine').map(toMachine),
    clock,
    historyDirectory: join(runDirectory, 'executions'),
    waitScale,
    knowsFunction: functions.has,
    invoke: functions.invoke,
  });
  const scheduler = createScheduler(template.ofType('AWS::Scheduler::Schedule'), functions, stepFunctions);

  server.serve('secretsmanager', secretsManager.http);
  server.serve('ssm', parameterStore.http);
  server.serve('states', createStepFunctionsApi(stepFunctions));
  const federation = { issuer, enabled: true };
  const { principalOf, functionArnOf } = permissions;
  const webIdentity = { federation, functionArnOf };
  server.serve('sts', createSts({ roles, sessions, principalOf, now: clock.now }, webIdentity));
  server.serve('lambda', createLambdaApi(functions));
  server.serve('cloudformation', createCloudFormationApi(template));
  makeSecrets(template, secretsManager);
  await makeQueues(template, endpoint);
  await makeBucketsAndTopics(template, endpoint);
  const queues = createQueues(template, server);
  const events = createEventBus(template, queues, clock.now);
  const ec2 = createFleet(events);
  server.serve('ec2', createEc2(ec2));
  const eventSources = await startEventSources({
    template,
    definitions,
    queues,
    functions,
    endpoint,
    clock,
    waitScale,
  });

  const httpApis = await startHttpApis(template, functions);

  return {
    endpoint,
    region: LOCAL_REGION,
    template,
    server,
    permissions,
    roles,
    federation,
    secretsManager,
    parameterStore,
    functions,
    stepFunctions,
    scheduler,
    events,
    ec2,
    queues,
    eventSources,
    httpApis,
    throttled: quotas.throttled,
    written: () => everythingWritten(template, server, secretsManager, parameterStore),
    async close() {
      try {
        await httpApis.close();
        await eventSources.close();
      } finally {
        await stepFunctions.close();
        await functions.close();
        await issuer.close();
        await server.close();
      }
    },
  };
};

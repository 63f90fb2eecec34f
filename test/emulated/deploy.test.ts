import {
  DescribeStackResourcesCommand,
  paginateDescribeStackEvents,
  type StackResource,
} from '@aws-sdk/client-cloudformation';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetScheduleCommand, ListSchedulesCommand } from '@aws-sdk/client-scheduler';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
  type StartExecutionCommandInput,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '#local/aws/environment.ts';
import { fillIn, START_EXECUTION, startExecutionSchema } from '#local/aws/scheduler.ts';
import { createSearch } from '#local/canaries.ts';
import { wrongValues } from '#local/promises.ts';
import { isRotating, RULE } from '#local/rotations/fleet.ts';
import { DEFAULT_APPLICATION, ROTATOR } from '#local/simulators/password-safe/users.ts';
import { NAMES } from '#local/world.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { pickKind } from '#test/contract/simulators/password-safe/site.ts';
import { Deployment, STACK } from './support/deployment.ts';
import { leaveOpen } from './support/left-over.ts';

const ACCOUNTS = 24;
/** One requires an approval, one is not requestable, one is changing. */
const DELIVERABLE = ACCOUNTS - 3;
/** Accounts to rotate: the canary, and another wave. */
const ROTATES = 2;
const RELAY_ID = `${STACK}.${LOCAL_ACCOUNT}.${LOCAL_REGION}`;
/** A change sooner after the check-in counts as the vault's own rotation. */
const LATER_MS = 15 * 60_000;
/** A stamp. */
const VERSION_ID = /^[0-9a-f]{64}$/;

/** Resources that outlive the stack: the key of the delivered secrets, and the records. */
const OUTLIVES_THE_STACK = ['AWS::KMS::Key', 'AWS::S3::Bucket'];

const STORE = { store: 'aws', maxBytes: 65_536 } as const;

describe('the stack on ministack', () => {
  let deployment: Deployment;
  const executions: string[] = [];
  let rotation = '';

  beforeAll(async () => {
    deployment = await Deployment.prepare({
      accounts: ACCOUNTS,
      seed: 7,
      rotates: ROTATES,
      // A pause would have to be waited for in real time.
      configure: (config) => config.setIn(['rotations', RULE, 'pauseMinutes'], 0),
    });
    await deployment.deploy();
  });
  afterAll(() => deployment.close());

  const resources = async (): Promise<StackResource[]> => {
    const answer = await deployment.cloudFormation.send(new DescribeStackResourcesCommand({ StackName: STACK }));
    return answer.StackResources ?? [];
  };

  /** The last status of each resource of a stack; events come latest first. */
  const lastEvents = async (stackId: string | undefined): Promise<Map<string, string | undefined>> => {
    const statuses = new Map<string, string | undefined>();
    const pages = paginateDescribeStackEvents({ client: deployment.cloudFormation }, { StackName: stackId });
    for await (const { StackEvents = [] } of pages) {
      for (const { LogicalResourceId = '', ResourceStatus } of StackEvents) {
        if (!statuses.has(LogicalResourceId)) statuses.set(LogicalResourceId, ResourceStatus);
      }
    }
    return statuses;
  };

  /** The start of a schedule. ministack fires schedules but does not support this target, so a test makes the call. */
  const dueStart = async (name: string): Promise<StartExecutionCommandInput> => {
    const schedule = await deployment.scheduler.send(new GetScheduleCommand({ GroupName: STACK, Name: name }));
    expect(schedule).toMatchObject({ State: 'ENABLED', Target: { Arn: START_EXECUTION } });
    const call = startExecutionSchema.parse(
      JSON.parse(fillIn(String(schedule.Target?.Input), String(schedule.Arn), Date.now())),
    );
    return { stateMachineArn: call.StateMachineArn, name: call.Name, input: call.Input };
  };

  const currentVersions = async (): Promise<Map<string, string | undefined>> =>
    new Map(
      (await deployment.deliveredSecrets()).map(({ Name = '', ...secret }) => [Name, versionAt(secret, 'AWSCURRENT')]),
    );

  it('is complete', async () => {
    const statuses = (await resources()).map(({ ResourceStatus }) => ResourceStatus);
    expect(new Set(statuses)).toEqual(new Set(['CREATE_COMPLETE']));
    expect(statuses.length).toBeGreaterThan(50);
  });

  it('delivers every credential when its schedule is due', async () => {
    const { vault } = deployment;
    const execution = await deployment.execute(await dueStart(`sync.${NAMES.sync}`));
    executions.push(String(execution.executionArn));

    expect(execution.status, execution.cause).toBe('SUCCEEDED');
    expect(JSON.parse(String(execution.output))).toMatchObject({
      items: ACCOUNTS,
      delivered: DELIVERABLE,
      skipped: 2,
      failed: 1,
    });
    expect(wrongValues(vault, STORE, await deployment.currentValues())).toEqual([]);
  });

  it('runs each batch as its own workflow', async () => {
    const { stepFunctions } = deployment;
    const { mapRuns = [] } = await stepFunctions.send(new ListMapRunsCommand({ executionArn: executions[0] }));
    expect(mapRuns).toHaveLength(1);
    const mapRunArn = mapRuns[0]?.mapRunArn;
    const { executionCounts } = await stepFunctions.send(new DescribeMapRunCommand({ mapRunArn }));
    expect(executionCounts).toMatchObject({ total: 3, succeeded: 3, failed: 0 });
    const { executions: children = [] } = await stepFunctions.send(new ListExecutionsCommand({ mapRunArn }));
    expect(children.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  });

  it('tags delivered secrets as its own, with the stamp as the version id', async () => {
    const secrets = await deployment.deliveredSecrets();
    expect(secrets).toHaveLength(DELIVERABLE);
    for (const secret of secrets) {
      expect(secret.Tags).toContainEqual({ Key: OWNER_TAG, Value: `${RELAY_ID}/${NAMES.sync}` });
      expect(versionAt(secret, 'AWSCURRENT')).toMatch(VERSION_ID);
    }
  });

  it('delivers only changes when started on demand, and keeps the previous value', async () => {
    const { vault, vaultClock, secrets } = deployment;
    const before = await currentVersions();
    vaultClock.advance(LATER_MS);
    const valuesBefore = await deployment.currentValues();
    const changed = vault
      .accounts()
      .filter(({ kind }) => kind === 'plain')
      .slice(0, 2);
    for (const { accountId } of changed) vault.changeCredential(accountId);

    const execution = await deployment.execute({
      stateMachineArn: deployment.machineArn,
      name: `${NAMES.sync}.on-demand`,
      input: JSON.stringify({ sync: NAMES.sync }),
    });
    executions.push(String(execution.executionArn));

    expect(execution.status, execution.cause).toBe('SUCCEEDED');
    expect(JSON.parse(String(execution.output))).toMatchObject({ delivered: 2 });
    expect(wrongValues(vault, STORE, await deployment.currentValues())).toEqual([]);
    const after = await currentVersions();
    const moved = [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name);
    expect(moved).toHaveLength(2);
    for (const name of moved) {
      const previous = await secrets.send(new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSPREVIOUS' }));
      expect(previous.VersionId).toBe(before.get(name));
      expect(previous.SecretString).toBe(valuesBefore[name]);
    }
  });

  it('leaves nothing open at the vault', () => {
    expect(deployment.vault.openRequests()).toEqual([]);
    expect(deployment.vault.openSessions()).toEqual([]);
  });

  it('changes the credentials of a rotation, and tests them', async () => {
    const { vault, stepFunctions } = deployment;
    const { executionArn } = await stepFunctions.send(new StartExecutionCommand(await dueStart(`rotate.${RULE}`)));
    rotation = String(executionArn);
    const rotating = vault.accounts().filter(isRotating);
    const tests = () => rotating.map(({ accountId }) => vault.target(accountId).logOns);
    await expect.poll(tests, { timeout: 60_000 }).toEqual([1, 1]);
    expect(rotating.map(({ accountId }) => vault.changesOf(accountId))).toEqual([1, 1]);
  });

  it('checks in on schedule what a failed run left open', async () => {
    const { vault } = deployment;
    const leftOpen = () => vault.openRequests().filter(({ reason }) => reason.includes('.dead/'));
    await leaveOpen(
      vault,
      pickKind(vault.accounts(), 'plain'),
      `[${RELAY_ID}/sync/${NAMES.sync}/${NAMES.sync}.dead/0]`,
    );
    expect(leftOpen()).toHaveLength(1);
    // ministack checks its schedules every ten seconds; this one is due every minute.
    await expect.poll(leftOpen, { timeout: 120_000 }).toEqual([]);
  });

  it('delivers what has rotated', async () => {
    const { vault } = deployment;
    const execution = await deployment.ended(rotation);
    executions.push(rotation);
    expect(execution.status, execution.cause).toBe('SUCCEEDED');
    expect(JSON.parse(String(execution.output))).toMatchObject({ status: 'SUCCEEDED', rotated: ROTATES, failed: 0 });
    const rotated = { accounts: () => vault.accounts().filter(isRotating) };
    expect(wrongValues(rotated, STORE, await deployment.currentValues())).toEqual([]);
    await expect.poll(() => [...vault.openRequests(), ...vault.openSessions()], { timeout: 10_000 }).toEqual([]);
  });

  it('writes no secret value anywhere but to secrets', async () => {
    const search = createSearch([DEFAULT_APPLICATION.oauth.clientSecret, ROTATOR.oauth.clientSecret]);
    let searched = 0;
    for (const execution of executions) {
      for await (const written of deployment.written(execution)) {
        searched += written.content.length;
        expect(search(written)).toEqual([]);
      }
    }
    expect(searched).toBeGreaterThan(10_000);
  });

  it('is not changed by a second deployment', async () => {
    const before = await resources();
    expect(await deployment.deploy()).toContain('(no changes)');
    expect(await resources()).toEqual(before);
  });

  it('deletes everything but the records and the key, and leaves delivered secrets alone', async () => {
    const { stepFunctions, scheduler, s3 } = deployment;
    const all = await resources();
    const delivered = await deployment.currentValues();
    await deployment.destroy();

    const ends = await lastEvents(all[0]?.StackId);
    const left = all.filter(({ LogicalResourceId = '' }) => ends.get(LogicalResourceId) !== 'DELETE_COMPLETE');
    expect(left.map(({ ResourceType }) => ResourceType).sort()).toEqual(OUTLIVES_THE_STACK);
    expect((await stepFunctions.send(new ListStateMachinesCommand({}))).stateMachines).toEqual([]);
    expect((await scheduler.send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toContain(deployment.bucket);
    expect(await deployment.currentValues()).toEqual(delivered);
  });
});

const versionAt = (
  { SecretVersionsToStages = {} }: { SecretVersionsToStages?: Record<string, string[]> | undefined },
  stage: string,
): string | undefined => Object.entries(SecretVersionsToStages).find(([, stages]) => stages.includes(stage))?.[0];

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  type SecretListEntry,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type ExecutionListItem,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  type StartExecutionCommandInput,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { type Clock, createClock } from '#local/aws/clock.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '#local/aws/environment.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import type { Written } from '#local/aws/written.ts';
import { writeRelayFile } from '#local/relay-world.ts';
import { addRotation, markRotating, ROTATION_BOOTSTRAP } from '#local/rotations/fleet.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { type PasswordSafeSimulator, startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, ROTATOR } from '#local/simulators/password-safe/users.ts';
import { bootstrapIn, EXAMPLE, NAMES, type WorldOptions } from '#local/world.ts';
import { cdk } from './cdk.ts';
import { type Emulator, startMinistack } from './emulators.ts';

const EXECUTION_TIMEOUT_MS = 180_000;
const POLL_MS = 100;

/** Small batches, so that the map has several; `reap` at the shortest interval of a schedule. */
const BATCH_SIZE = 8;
const REAP_EVERY_MINUTES = 1;

/** Name of the relay in `examples/local.yaml`, and of its stack. */
export const STACK = 'local';

const outputsSchema = z.object({
  [STACK]: z.object({
    SyncMachineArn: z.string(),
    RecordsBucketName: z.string(),
    WebhookUrl: z.url().optional(),
  }),
});

interface PrepareOptions extends Pick<WorldOptions, 'accounts' | 'seed' | 'configure'> {
  /** Accounts to rotate. Default: none, and no rule. */
  readonly rotates?: number;
}

interface Parts {
  readonly vault: PasswordSafeSimulator;
  readonly clock: Clock;
  readonly emulator: Emulator;
  readonly directory: string;
  readonly relayFile: string;
}

/** The stack on ministack and a simulated vault, used as an operator does: with the CDK and the AWS SDK. */
export class Deployment {
  readonly vault: PasswordSafeSimulator;
  /** Clock of the vault. The emulator and its functions use the real one. */
  readonly vaultClock: Clock;
  readonly emulator: Emulator;
  readonly cloudFormation: CloudFormationClient;
  readonly scheduler: SchedulerClient;
  readonly secrets: SecretsManagerClient;
  readonly stepFunctions: SFNClient;
  readonly s3: S3Client;
  readonly #directory: string;
  readonly #relayFile: string;

  /** Starts the vault and an empty AWS account that is bootstrapped and holds the bootstrap secret. */
  static async prepare({ configure, rotates = 0, ...options }: PrepareOptions): Promise<Deployment> {
    const directory = mkdtempSync(join(tmpdir(), 'pam-relay-deployment-'));
    const clock = createClock();
    const fleet = markRotating(createFleet(options), rotates);
    const vault = await startPasswordSafe({
      fleet,
      users: [DEFAULT_APPLICATION, ROTATOR],
      seed: options.seed,
      now: clock.now,
    });
    const { file, config } = await writeRelayFile(directory, EXAMPLE, vault, (document) => {
      document.setIn(['syncs', NAMES.sync, 'batchSize'], BATCH_SIZE);
      document.setIn(['reap', 'everyMinutes'], REAP_EVERY_MINUTES);
      if (rotates > 0) addRotation(document, fleet);
      configure?.(document);
    });
    const deployment = new Deployment({ vault, clock, emulator: await startMinistack(), directory, relayFile: file });
    try {
      // Without an app, which would be synthesised for nothing: the account is named.
      await cdk(deployment.emulator, 'bootstrap', `aws://${LOCAL_ACCOUNT}/${LOCAL_REGION}`, '--app', '');
      for (const { name: Name, value: SecretString } of [
        bootstrapIn(config),
        ...(rotates > 0 ? [ROTATION_BOOTSTRAP] : []),
      ])
        await deployment.secrets.send(new CreateSecretCommand({ Name, SecretString }));
      return deployment;
    } catch (thrown) {
      await deployment.close();
      throw thrown;
    }
  }

  private constructor({ vault, clock, emulator, directory, relayFile }: Parts) {
    this.vault = vault;
    this.vaultClock = clock;
    this.emulator = emulator;
    this.#directory = directory;
    this.#relayFile = relayFile;
    const config = localClientConfig(emulator.endpoint);
    this.cloudFormation = new CloudFormationClient(config);
    this.scheduler = new SchedulerClient(config);
    this.secrets = new SecretsManagerClient(config);
    this.stepFunctions = new SFNClient(config);
    this.s3 = new S3Client(config);
  }

  /** @returns the output of the CDK. */
  deploy(): Promise<string> {
    return cdk(
      this.emulator,
      ...['deploy', '--require-approval', 'never', '--outputs-file', this.#outputsFile],
      ...this.#app,
    );
  }

  async destroy(): Promise<void> {
    await cdk(this.emulator, 'destroy', '--force', ...this.#app);
  }

  get machineArn(): string {
    return this.#outputs.SyncMachineArn;
  }

  /** Address of a webhook. The one that the stack prints is on the internet, so only its id of the API is used. */
  urlOfWebhook(route: string): string {
    const [apiId] = new URL(String(this.#outputs.WebhookUrl)).host.split('.');
    return `${this.emulator.endpoint}/_aws/execute-api/${apiId}/$default/${route}`;
  }

  get bucket(): string {
    return this.#outputs.RecordsBucketName;
  }

  /** Starts an execution and waits for its end. */
  async execute(start: StartExecutionCommandInput): Promise<DescribeExecutionCommandOutput> {
    const { executionArn } = await this.stepFunctions.send(new StartExecutionCommand(start));
    return this.ended(String(executionArn));
  }

  /** Waits for the end of an execution. */
  async ended(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    const deadline = Date.now() + EXECUTION_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const execution = await this.stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
      if (execution.status !== 'RUNNING') return execution;
      await after(POLL_MS);
    }
    throw new Error(`Execution ${executionArn} did not end; see ${this.emulator.logFile}.`);
  }

  /** Input of an execution. Lists do not show it. */
  async inputOf({ executionArn }: Pick<ExecutionListItem, 'executionArn'>): Promise<string> {
    return String((await this.stepFunctions.send(new DescribeExecutionCommand({ executionArn }))).input);
  }

  /** The entry of every delivered secret in `ListSecrets`. */
  async deliveredSecrets(): Promise<SecretListEntry[]> {
    const found: SecretListEntry[] = [];
    for await (const { SecretList = [] } of paginateListSecrets({ client: this.secrets }, {})) {
      found.push(...SecretList.filter(({ Name }) => Name?.startsWith(NAMES.secretPrefix)));
    }
    return found;
  }

  /** The current value of every delivered secret, by its name. */
  async currentValues(): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    for (const { Name = '' } of await this.deliveredSecrets()) {
      const { SecretString = '' } = await this.secrets.send(new GetSecretValueCommand({ SecretId: Name }));
      values[Name] = SecretString;
    }
    return values;
  }

  /** Everything that an execution wrote outside secrets: its history, all records, all logs. */
  async *written(executionArn: string): AsyncIterable<Written> {
    const { events } = await this.stepFunctions.send(new GetExecutionHistoryCommand({ executionArn }));
    yield { where: 'history', content: Buffer.from(JSON.stringify(events)) };
    yield { where: this.emulator.logFile, content: readFileSync(this.emulator.logFile) };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.s3 }, { Bucket: this.bucket })) {
      for (const { Key: key } of Contents) {
        const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
        if (Body === undefined) throw new Error(`Record ${key} has no content.`);
        yield { where: `record ${key}`, content: Buffer.from(await Body.transformToByteArray()) };
      }
    }
  }

  async close(): Promise<void> {
    await this.emulator.close();
    await this.vault.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #app(): string[] {
    const output = join(this.#directory, 'cdk.out');
    return ['-c', `config=${this.#relayFile}`, '-c', 'emulated=true', '--output', output];
  }

  get #outputsFile(): string {
    return join(this.#directory, 'outputs.json');
  }

  get #outputs() {
    return outputsSchema.parse(JSON.parse(readFileSync(this.#outputsFile, 'utf8')))[STACK];
  }
}

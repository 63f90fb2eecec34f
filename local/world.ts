import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import type { Registries } from '#infra/registries.ts';
import { type LocalAws, startAws } from './aws/aws.ts';
import { type Clock, createClock } from './aws/clock.ts';
import { requireLoopback } from './aws/environment.ts';
import type { Quota } from './aws/quotas/table.ts';
import type { Written } from './aws/written.ts';
import { createSearch, filesBelow, type Hit } from './canaries.ts';
import { ADMIN_BOOTSTRAP, addBlueprint } from './provisioning.ts';
import { addExampleRotation, addRotation, markRotating, ROTATION_BOOTSTRAP } from './rotations/fleet.ts';
import { makeRunDirectory } from './run-directory.ts';
import { type OpenBaoSimulator, startOpenBao } from './simulators/openbao/server.ts';
import { createFleet, type FleetAccount } from './simulators/password-safe/fleet.ts';
import {
  type PasswordSafeOptions,
  type PasswordSafeSimulator,
  startPasswordSafe,
} from './simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, PROVISIONER, ROTATOR } from './simulators/password-safe/users.ts';
import {
  addStores,
  type LocalStore,
  type LocalStoreName,
  OPENBAO_CA_FILE,
  trustFunctions,
  viewStores,
} from './stores.ts';
import { synthesise } from './synthesise.ts';
import { addWebhook, WEBHOOK_KEY, WEBHOOK_SECRET } from './tickets/service-desk.ts';
import { requireWritable } from './writable.ts';

/** Names in `examples/local.yaml`. */
export const NAMES = {
  connection: 'vault',
  sync: 'fleet',
  store: 'aws',
  /** Prefix of the names of delivered secrets. */
  secretPrefix: 'fleet/',
} as const;

/** File with the CA of the Password Safe simulator, beside relay.yaml. */
const CA_FILE = 'ca.pem';

const EXAMPLE = resolve(import.meta.dirname, '../examples/local.yaml');
const BUILD = resolve(import.meta.dirname, '../build');
const RUNS = join(BUILD, 'runs');

export interface WorldOptions
  extends Pick<PasswordSafeOptions, 'latencyMs' | 'switches' | 'users' | 'aliases' | 'secrets' | 'ticketSystems'> {
  readonly accounts: number;
  /** The same seed generates the same accounts and credentials. */
  readonly seed: number;
  /** Adds or changes accounts. */
  readonly populate?: (fleet: readonly FleetAccount[]) => readonly FleetAccount[];
  /** Changes `examples/local.yaml` after the simulator's address and CA were set in it. */
  readonly configure?: (config: Document) => void;
  /** Factor for the waits before retries. Default: 1. */
  readonly waitScale?: number;
  /** Running invocations that the account allows. Default: the quota of AWS. */
  readonly maxConcurrentInvocations?: number;
  /** Replacements of the registries, for tests with their own types. */
  readonly registries?: Registries;
  /** Port of the Password Safe simulator. The AWS side uses the next port. Default: free ports. */
  readonly port?: number;
  readonly onProgress?: (line: string) => void;
  /**
   * Quotas of AWS to enforce: all that are documented, whose pace the relay keeps, or those given. Default: none. The
   * relay then writes without a pace.
   */
  readonly quotas?: 'documented' | readonly Quota[];
  /** Adds the blueprint of `examples/provisioning.yaml`. */
  readonly provisions?: boolean;
  /** Adds the route and the rule of `examples/webhooks.yaml`. */
  readonly takesTickets?: boolean;
  /** Adds the rule of `examples/rotation.yaml`: as it is, or for so many accounts. Default: none. */
  readonly rotates?: number | 'example';
  /** Stores of the sync. Default: Secrets Manager alone. */
  readonly stores?: readonly LocalStoreName[];
}

/** The whole product on one machine: a vault, an AWS side with the stack, and their common clock. */
export interface World {
  readonly clock: Clock;
  readonly vault: PasswordSafeSimulator;
  readonly aws: LocalAws;
  /** The stores of the sync. */
  readonly stores: readonly LocalStore[];
  /** Undefined if the sync does not deliver to it. */
  readonly openBao: OpenBaoSimulator | undefined;
  /** Directory of all written files: relay.yaml, the CA, logs, histories. */
  readonly directory: string;
  /** Fires the schedule of a sync, by default that of the example. Resolves when the run has ended. */
  runSync(sync?: string): Promise<ReturnType<LocalAws['stepFunctions']['get']>>;
  /** Fires the schedule of `reap`. @throws if it fails. */
  runReap(): Promise<void>;
  /** Searches all written data, and the given data, for credentials and for the secrets of the vault's sign-in. */
  findLeaks(...more: Written[]): Promise<Hit[]>;
  close(): Promise<void>;
}

/** Starts a world. The caller must close it. */
export const startWorld = async (options: WorldOptions): Promise<World> => {
  const { accounts, seed, port, quotas = [], stores = [NAMES.store], onProgress: say = () => {} } = options;
  const clock = createClock();
  requireWritable(BUILD);
  const directory = makeRunDirectory(RUNS);

  const { populate = (made) => made } = options;
  const { rotates = 0 } = options;
  const fleet = markRotating(populate(createFleet({ accounts, seed })), rotates === 'example' ? 0 : rotates);
  const users = [
    ...(options.users ?? [DEFAULT_APPLICATION, DEFAULT_APPROVER]),
    ...(options.provisions ? [PROVISIONER] : []),
    ...(rotates !== 0 ? [ROTATOR] : []),
  ];
  const vault = await startPasswordSafe({ ...options, users, fleet, now: clock.now });
  say(`Password Safe simulator: ${fleet.length} accounts at ${vault.url}`);
  const openBao = stores.includes('openbao')
    ? await startOpenBao({ now: clock.now, ...(port !== undefined && { port: port + 2 }) })
    : undefined;
  if (openBao !== undefined) say(`OpenBao simulator: ${openBao.url}`);
  try {
    const { file, bootstrap } = await writeRelayFile(directory, vault, (config) => {
      addStores(config, NAMES.sync, stores, openBao);
      if (openBao !== undefined) writeFileSync(join(directory, OPENBAO_CA_FILE), openBao.caPem);
      if (quotas !== 'documented') removePace(config, stores);
      if (options.provisions) addBlueprint(config, { url: vault.url, ca: CA_FILE });
      if (options.takesTickets) addWebhook(config);
      if (rotates === 'example') addExampleRotation(config);
      else if (rotates > 0) addRotation(config, fleet);
      options.configure?.(config);
    });
    const stack = await synthesise(file, directory, {
      registries: options.registries,
      onWarning: (line) => say(`Warning: ${line}`),
    });
    for (const [name, { url }] of Object.entries(stack.config.connections)) requireLoopback(url, `Connection ${name}`);
    if (openBao !== undefined) requireLoopback(openBao.url, 'OpenBao');
    say(`Stack ${stack.stackName}: synthesised, ${stack.assets.size - 1} bundled functions`);
    const aws = await startAws({
      ...stack,
      clock,
      runDirectory: directory,
      waitScale: options.waitScale ?? 1,
      ...(quotas !== 'documented' && { quotas }),
      ...(options.maxConcurrentInvocations !== undefined && {
        maxConcurrentInvocations: options.maxConcurrentInvocations,
      }),
      ...(port !== undefined && { port: port + 1 }),
    });
    say(`AWS side: ${aws.endpoint}`);
    const made = [
      bootstrap,
      ...(options.provisions ? [ADMIN_BOOTSTRAP] : []),
      ...(options.takesTickets ? [WEBHOOK_SECRET] : []),
      ...(rotates !== 0 ? [ROTATION_BOOTSTRAP] : []),
    ];
    for (const { name: Name, value: SecretString } of made)
      aws.secretsManager.handle('CreateSecret', { Name, ClientRequestToken: crypto.randomUUID(), SecretString });
    if (openBao !== undefined) await trustFunctions(openBao, aws);
    return assemble({
      clock,
      vault,
      aws,
      directory,
      openBao,
      stores: viewStores(stores, NAMES.secretPrefix, aws, openBao),
    });
  } catch (thrown) {
    await vault.close();
    await openBao?.close();
    throw thrown;
  }
};

/** The simulators answer faster than any vault and store, which the pace of the relay would hide. */
const removePace = (config: Document, stores: readonly string[]): void => {
  for (const store of stores) config.setIn(['stores', store, 'writesPerSecond'], 'unlimited');
  config.setIn(['connections', NAMES.connection, 'limits', 'perSecond'], 10_000);
};

/** The secret that an operator creates before the relay can sign in. */
interface BootstrapSecret {
  readonly name: string;
  readonly value: string;
}

/** Writes `examples/local.yaml` as relay.yaml with the simulator's address and CA, and the CA file next to it. */
export const writeRelayFile = async (
  directory: string,
  vault: Pick<PasswordSafeSimulator, 'url' | 'caPem'>,
  configure?: WorldOptions['configure'],
): Promise<{ readonly file: string; readonly bootstrap: BootstrapSecret }> => {
  const document = parseDocument(await readFile(EXAMPLE, 'utf8'));
  const connection = ['connections', NAMES.connection];
  document.setIn([...connection, 'url'], vault.url);
  document.setIn([...connection, 'ca'], CA_FILE);
  configure?.(document);
  const file = join(directory, 'relay.yaml');
  writeFileSync(join(directory, CA_FILE), vault.caPem);
  writeFileSync(file, String(document));

  const { oauth, apiKey, userName } = DEFAULT_APPLICATION;
  const type = document.getIn([...connection, 'authentication', 'type']);
  return {
    file,
    bootstrap: {
      name: String(document.getIn([...connection, 'authentication', 'bootstrapSecret'])),
      value: JSON.stringify(type === 'oauth' ? oauth : { apiKey: apiKey.key, runAs: userName }),
    },
  };
};

const assemble = (parts: Pick<World, 'clock' | 'vault' | 'aws' | 'stores' | 'openBao' | 'directory'>): World => {
  const { clock, vault, aws, openBao, directory } = parts;
  return {
    ...parts,
    async runSync(sync = NAMES.sync) {
      const started = await aws.scheduler.fire(`sync.${sync}`, clock.now());
      if (started.kind !== 'execution') throw new Error('The schedule of the sync starts no execution.');
      return aws.stepFunctions.settled(started.execution.arn);
    },
    async runReap() {
      const started = await aws.scheduler.fire('reap', clock.now());
      if (started.kind !== 'invocation') throw new Error('The schedule of reap invokes no function.');
      const { result } = started;
      if (!result.ok) throw new Error(`reap failed: ${result.failure.errorType}: ${result.failure.errorMessage}`);
    },
    async findLeaks(...more) {
      const search = createSearch([...SIGN_IN_SECRETS, WEBHOOK_KEY]);
      const hits = [
        ...more,
        ...filesBelow(join(directory, 'logs')),
        ...filesBelow(join(directory, 'executions')),
      ].flatMap(search);
      for await (const written of aws.written()) hits.push(...search(written));
      if (openBao !== undefined) {
        hits.push(...search({ where: 'metadata of OpenBao', content: openBao.metadata() }));
        const audit = Buffer.from(JSON.stringify(openBao.audit));
        hits.push(...search({ where: 'audit of OpenBao', content: audit }));
      }
      return hits;
    },
    async close() {
      await aws.close();
      await vault.close();
      await openBao?.close();
      // These folders are the product, not results of the run.
      for (const product of ['functions', 'cdk.out'])
        rmSync(join(directory, product), { recursive: true, force: true });
    },
  };
};

/** The secrets of the vault's sign-in. Tokens and cookies are canaries themselves. */
const SIGN_IN_SECRETS = [DEFAULT_APPLICATION, PROVISIONER, ROTATOR].flatMap(({ oauth, apiKey }) => [
  oauth.clientSecret,
  apiKey.key,
]);

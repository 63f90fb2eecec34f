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
import type { LocalVault } from './local-vault.ts';
import { makeRunDirectory } from './run-directory.ts';
import { type OpenBaoSimulator, startOpenBao } from './simulators/openbao/server.ts';
import {
  addStores,
  type LocalStore,
  type LocalStoreName,
  OPENBAO_CA_FILE,
  trustFunctions,
  viewStores,
} from './stores.ts';
import { synthesise } from './synthesise.ts';
import { requireWritable } from './writable.ts';

/** Names in the configurations of local runs. */
export const NAMES = {
  connection: 'vault',
  sync: 'fleet',
  store: 'aws',
  /** Prefix of the names of delivered secrets. */
  secretPrefix: 'fleet/',
} as const;

/** File with the CA of the simulated vault, beside relay.yaml. */
export const CA_FILE = 'ca.pem';

const EXAMPLES = resolve(import.meta.dirname, '../examples');
const BUILD = resolve(import.meta.dirname, '../build');
const RUNS = join(BUILD, 'runs');

/** Options of a world, whatever its vault. */
export interface RelayWorldOptions {
  /** Changes the example after the simulator's address and CA were set in it. */
  readonly configure?: (config: Document) => void;
  /** Factor for the waits before retries. Default: 1. */
  readonly waitScale?: number;
  /** Running invocations that the account allows. Default: the quota of AWS. */
  readonly maxConcurrentInvocations?: number;
  /** Replacements of the registries, for tests with their own types. */
  readonly registries?: Registries;
  /** Port of the simulated vault. The AWS side and OpenBao use the next ports. Default: free ports. */
  readonly port?: number;
  readonly onProgress?: (line: string) => void;
  /**
   * Quotas of AWS to enforce: all that are documented, whose pace the relay keeps, or those given. Default: none. The
   * relay then writes without a pace.
   */
  readonly quotas?: 'documented' | readonly Quota[];
  /** Stores of the sync. Default: Secrets Manager alone. */
  readonly stores?: readonly LocalStoreName[];
}

/** The whole product on one machine: a vault, an AWS side with the stack, and their common clock. */
export interface RelayWorld<V extends LocalVault = LocalVault> {
  readonly clock: Clock;
  readonly vault: V;
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

/** A secret that an operator creates. */
export interface OperatorSecret {
  readonly name: string;
  readonly value: string;
}

/** A vault, and the configuration of the relay for it. */
interface VaultSetup<V> {
  /** File in `examples/`. */
  readonly example: string;
  readonly start: (now: () => number) => Promise<V>;
  readonly configure?: (config: Document, vault: V) => void;
  /** Sets limits of the connection that delay nothing. Default: those of the example. */
  readonly removeLimits?: (config: Document) => void;
  readonly operatorSecrets: (config: Document) => readonly OperatorSecret[];
  /** Secrets of the sign-in. Credentials and tokens are canaries themselves. */
  readonly signInSecrets: readonly string[];
}

/** Starts the AWS side of a world around a vault. The caller must close it. */
export const startRelayWorld = async <V extends LocalVault>(
  { example, start, configure, removeLimits, operatorSecrets, signInSecrets }: VaultSetup<V>,
  options: RelayWorldOptions,
): Promise<RelayWorld<V>> => {
  const { port, quotas = [], stores = [NAMES.store], onProgress: say = () => {} } = options;
  const clock = createClock();
  requireWritable(BUILD);
  const directory = makeRunDirectory(RUNS);
  const vault = await start(clock.now);
  const openBao = stores.includes('openbao')
    ? await startOpenBao({ now: clock.now, ...(port !== undefined && { port: port + 2 }) })
    : undefined;
  if (openBao !== undefined) say(`OpenBao simulator: ${openBao.url}`);
  try {
    const { file, config } = await writeRelayFile(directory, example, vault, (document) => {
      addStores(document, NAMES.sync, stores, openBao);
      if (openBao !== undefined) writeFileSync(join(directory, OPENBAO_CA_FILE), openBao.caPem);
      if (quotas !== 'documented') {
        removePace(document, stores);
        removeLimits?.(document);
      }
      configure?.(document, vault);
      options.configure?.(document);
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
    for (const { name: Name, value: SecretString } of operatorSecrets(config))
      aws.secretsManager.handle('CreateSecret', { Name, ClientRequestToken: crypto.randomUUID(), SecretString });
    if (openBao !== undefined) await trustFunctions(openBao, aws);
    const views = viewStores(stores, NAMES.secretPrefix, aws, openBao);
    return assemble({ clock, vault, aws, directory, openBao, stores: views }, signInSecrets);
  } catch (thrown) {
    await vault.close();
    await openBao?.close();
    throw thrown;
  }
};

/** The simulators answer faster than any store, which the pace of the relay would hide. */
const removePace = (config: Document, stores: readonly string[]): void => {
  for (const store of stores) config.setIn(['stores', store, 'writesPerSecond'], 'unlimited');
};

/** Writes an example as relay.yaml with the simulator's address and CA, and the CA file next to it. */
export const writeRelayFile = async (
  directory: string,
  example: string,
  vault: Pick<LocalVault, 'url' | 'caPem'>,
  configure?: RelayWorldOptions['configure'],
): Promise<{ readonly file: string; readonly config: Document }> => {
  const config: Document = parseDocument(await readFile(join(EXAMPLES, example), 'utf8'));
  const connection = ['connections', NAMES.connection];
  config.setIn([...connection, 'url'], vault.url);
  config.setIn([...connection, 'ca'], CA_FILE);
  configure?.(config);
  const file = join(directory, 'relay.yaml');
  writeFileSync(join(directory, CA_FILE), vault.caPem);
  writeFileSync(file, String(config));
  return { file, config };
};

type Parts<V extends LocalVault> = Pick<RelayWorld<V>, 'clock' | 'vault' | 'aws' | 'stores' | 'openBao' | 'directory'>;

const assemble = <V extends LocalVault>(parts: Parts<V>, signInSecrets: readonly string[]): RelayWorld<V> => {
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
      const search = createSearch(signInSecrets);
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

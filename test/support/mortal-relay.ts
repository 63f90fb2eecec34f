import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '#local/aws/clock.ts';
import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { Level } from '#local/aws/step-functions/definition.ts';
import { type Json, type Run, startRun } from '#local/aws/step-functions/run.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type PasswordSafeOptions, startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { apiKeyAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { createPasswordSafe } from '#shared/connections/password-safe/vault.ts';
import type { Leases } from '#shared/connections/vault.ts';
import { gatheringAt } from '#shared/domain/gathering.ts';
import type { Labels } from '#shared/domain/item.ts';
import { createHttp } from '#shared/http/http.ts';
import { type CheckoutRequested, checkoutRun } from '#shared/messages/messages.ts';
import { tokenSecretName } from '#shared/names.ts';
import { namedAt } from '#shared/records/named-items.ts';
import { noteAt } from '#shared/records/notes.ts';
import { Secret } from '#shared/secret.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { memoryNotes, memoryRecords } from '#test/support/fakes.ts';
import { Fate, Mortal } from '#test/support/mortal.ts';
import { type Execution, mortalSteps, type PlayedStep } from '#test/support/mortal-steps.ts';
import { leasesOf } from '#test/support/people.ts';

export const SEED = 7;
const MINUTE_MS = 60_000;

/** A small fleet with one of each of the first awkward kinds; people may hold an account next to the relay. */
export const sharedFleet = (accounts: number): FleetAccount[] =>
  createFleet({ accounts, seed: SEED }).map((account) => ({ ...account, maxConcurrentRequests: 0 }));

/** What the vault holds, and who its users are. */
export type SiteOptions = Pick<PasswordSafeOptions, 'fleet' | 'users' | 'aliases' | 'secrets'>;

export interface MortalRelayOptions extends SiteOptions {
  readonly machines: Readonly<Record<Machine, Level>>;
  readonly config: RelayConfig;
  readonly fleet: readonly FleetAccount[];
}

/** What a run is asked to do. */
export interface Order {
  readonly sync: string;
  readonly mode?: 'changes' | 'verify';
}

/** How an invocation ended, for the workflow and for whoever let it happen. */
export type Invoked = InvocationResult & { readonly died: boolean };

/** One invocation of a run, about to happen. */
export interface Invocation {
  readonly step: PlayedStep;
  readonly perform: (fate?: Fate) => Promise<Invoked>;
  /** Stops the execution, which is no concern of its processes. */
  readonly stop: () => void;
}

/** Lets the invocations of a run happen. */
export type Through = (invocation: Invocation) => Promise<Invoked>;

export interface RunOptions {
  readonly through?: Through;
  /** Whether the list of executions shows it already. */
  readonly isListed?: boolean;
  /** What happens when it waits, until it may go on; the time passes at once when left out. */
  readonly wait?: (seconds: number) => Promise<void>;
  /** Somebody else lets its invocations happen, and may never do so once it was stopped: it ends without them. */
  readonly isStepped?: boolean;
}

/** What is said of a release. */
type Release = Pick<CheckoutRequested, 'checkout' | 'id'>;

const live: Through = ({ perform }) => perform();

export type MortalRelay = Awaited<ReturnType<typeof startMortalRelay>>;

/**
 * The relay with its real steps, clients and workflow against the simulated vault and the local Secrets Manager, in one
 * process and thus fast: only what plays a process of the relay can die, between any two of its outside calls.
 */
export const startMortalRelay = async ({ machines, config, ...site }: MortalRelayOptions) => {
  const start = Date.parse('2026-03-01T00:00:00Z');
  const clock = createClock(() => start);
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-mortal-'));
  const simulator = await startPasswordSafe({ ...site, now: clock.now, seed: SEED });
  const manager = createSecretsManager({ now: clock.now });
  const records = memoryRecords();
  const notes = memoryNotes();
  const executions: Execution[] = [];
  const limits = { inFlight: 16, perSecond: 10_000, timeoutSeconds: 30 };
  // Its sockets outlive processes, which spares a handshake for each; nothing else in it does.
  const { url, caPem: ca } = simulator;
  const http = createHttp({ connection: 'vault', url, ca, limits, sleep: async () => {}, now: clock.now });

  const create = (Name: string, SecretString?: string) =>
    manager.handle('CreateSecret', { Name, SecretString, ClientRequestToken: randomUUID() });
  create(tokenSecretName(config.relay, 'vault'));
  const { oauth, apiKey, userName } = DEFAULT_APPLICATION;
  create('bootstrap/vault', JSON.stringify({ ...oauth, apiKey: apiKey.key, runAs: userName }));

  let current = config;
  const said: string[] = [];
  const invoke = async (step: PlayedStep, payload: string, fate: Fate): Promise<Invoked> => {
    said.push(payload);
    const mortal = new Mortal(fate);
    const outside = { config: current, http, manager, records, notes, executions, startRelease, now: clock.now };
    try {
      const answer = await mortalSteps(outside, mortal)[step](JSON.parse(payload));
      if (!mortal.isDead) return { ok: true, payload: JSON.stringify(answer), died: false };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!mortal.isDead) return { ...failure(error.name, error.message), died: false };
    }
    return { ...failure('Runtime.ExitError', 'The process exited.'), died: true };
  };

  const running = new Set<Run>();
  const execute = async (
    machine: Machine,
    name: string,
    input: Json,
    {
      through = live,
      isListed = true,
      isStepped = false,
      wait = async (seconds) => clock.advance(seconds * 1000),
    }: RunOptions = {},
  ): Promise<string> => {
    const execution: Execution = { machine, name, startDate: new Date(clock.now()), isRunning: true, isListed };
    executions.push(execution);
    // A stopped execution ends at once, while what it had started goes on.
    const underWay = new Set<Promise<unknown>>();
    const run = startRun(machines[machine], {
      arn: `arn:aws:states:eu-central-1:000000000000:execution:pam-relay-${machine}:${name}`,
      name,
      input,
      directory: join(directory, machine),
      clock,
      wait,
      invoke: (functionArn, payload) => {
        const step = stepOf(functionArn);
        const invoked = through({ step, perform: (fate = new Fate()) => invoke(step, payload, fate), stop: run.stop });
        underWay.add(invoked);
        return invoked;
      },
    });
    running.add(run);
    const { status } = await run.ended;
    if (!isStepped) await Promise.all(underWay);
    running.delete(run);
    execution.isRunning = false;
    execution.endedAt = clock.now();
    return status;
  };

  const isStarted = (machine: Machine, name: string): boolean =>
    executions.some((execution) => execution.machine === machine && execution.name === name);

  const toRelease: ((through: Through) => Promise<string>)[] = [];
  const startRelease = (name: string, input: string): boolean => {
    if (isStarted('release', name)) return false;
    toRelease.push((through) => execute('release', name, JSON.parse(input), { through }));
    return true;
  };

  /** The leases of a user who is not the relay, or of something else that signs in as the relay's own user. */
  const signedInAs = <T>({ userName: runAs, apiKey: registration }: KeyUser, work: (leases: Leases) => Promise<T>) => {
    const password = registration.password === undefined ? undefined : new Secret(registration.password);
    const authenticator = apiKeyAuthenticator({
      connection: 'vault',
      apiKey: new Secret(registration.key),
      runAs,
      password,
    });
    const vault = createPasswordSafe({
      connection: 'vault',
      http: async () => http,
      authenticator,
      onSignOutFailure: () => {},
    });
    return vault.session((session) => work(leasesOf(session)));
  };

  return {
    simulator,
    manager,
    records,
    notes,
    executions,
    /** Everything that steps were told, by workflows that had it from other steps. */
    said,
    now: clock.now,
    advance(minutes: number): void {
      clock.advance(Math.round(minutes * MINUTE_MS));
    },
    /** Deploys another configuration. */
    deploy(config: RelayConfig): void {
      current = config;
    },

    /** Runs a sync as its schedule would, and says how it ended. */
    sync: (id: string, order: Order, options?: RunOptions) =>
      execute('sync', `${order.sync}.${id}`, { ...order }, options),

    /** Runs a sync for items that messages named now, once they are gathered, and says how it ended. */
    async syncNamed(sync: string, items: readonly Labels[], options?: RunOptions): Promise<string> {
      const { run, waitSeconds } = gatheringAt(sync, clock.now());
      for (const named of items) {
        const place = namedAt.item({ rule: sync, run }, named);
        await records.write(place, named);
        // In the bucket it is the same object.
        await notes.put(place.key);
      }
      return execute('sync', run, { sync, items: 'named', waitSeconds }, options);
    },

    /** Runs a checkout as its message would, and says how it ended. */
    checkOut: (order: CheckoutRequested, options?: RunOptions) =>
      execute('checkout', checkoutRun(order), asJson(order), options),

    /** Notes a release and runs it, as its first message would. */
    async release(order: Release, options?: RunOptions): Promise<void> {
      const name = checkoutRun(order);
      await notes.put(noteAt.released({ rule: order.checkout, run: name }));
      if (!isStarted('release', name)) await execute('release', name, released(order), options);
    },

    /** Does what a task of any interpreter asks of a function. */
    invoke: (functionArn: string, payload: string, fate: Fate) => invoke(stepOf(functionArn), payload, fate),

    /**
     * Reaps, and lets the releases that it starts happen one by one.
     * @returns whether the process lived. @throws when reap failed although it did.
     */
    async reap(fate = new Fate(), through = live): Promise<boolean> {
      const result = await invoke('upkeep/reap', 'null', fate);
      for (const release of toRelease.splice(0)) await release(through);
      if (!result.ok && !result.died) throw new Error(`reap failed: ${result.failure.errorMessage}`);
      return !result.died;
    },

    asPerson: <T>(work: (leases: Leases) => Promise<T>) => signedInAs(DEFAULT_APPROVER, work),
    asOwnUser: <T>(work: (leases: Leases) => Promise<T>) => signedInAs(DEFAULT_APPLICATION, work),

    async close(): Promise<void> {
      for (const run of running) run.stop();
      await http.close();
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

interface KeyUser {
  readonly userName: string;
  readonly apiKey: { readonly key: string; readonly password?: string };
}

const released = ({ checkout, id }: Release): Json => ({ type: 'checkout.released', checkout, id });
const asJson = (order: CheckoutRequested): Json => JSON.parse(JSON.stringify(order));

const PLAYED = ALL_STEPS.map((step) => ({ folder: step.folder, suffix: `-${functionName(step)}` }));

const isPlayed = (folder: string): folder is PlayedStep =>
  folder !== 'intake/queue' && PLAYED.some((step) => step.folder === folder);

/** The step of a function, by an ARN or a name that ends with the function's name. */
export const stepOf = (functionArn: string): PlayedStep => {
  const folder = PLAYED.find(({ suffix }) => functionArn.endsWith(suffix))?.folder;
  if (folder === undefined || !isPlayed(folder)) throw new Error(`No step has the function ${functionArn}.`);
  return folder;
};

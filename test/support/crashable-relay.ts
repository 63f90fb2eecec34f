import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '#local/aws/clock.ts';
import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { Level } from '#local/aws/step-functions/definition.ts';
import type { Json } from '#local/aws/step-functions/run.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Executions } from '#shared/aws/executions.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { debounceAt } from '#shared/domain/debounce.ts';
import type { Labels } from '#shared/domain/item.ts';
import type { Http } from '#shared/http/http.ts';
import type { CheckoutOrder, Message } from '#shared/messages/messages.ts';
import { tokenSecretName } from '#shared/names.ts';
import { idAt } from '#shared/records/ids.ts';
import { namedAt } from '#shared/records/named-items.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';
import { SENDER } from '#test/support/checkouts.ts';
import { createCrashableBucket } from '#test/support/crashable-bucket.ts';
import { createCrashableExecutions, stepOf } from '#test/support/crashable-executions.ts';
import { takeMessage } from '#test/support/crashable-intake.ts';
import { CrashableProcess, CrashPlan, type Interruption, WatchedPlan } from '#test/support/crashable-process.ts';
import { type SiteOptions, startCrashableSite } from '#test/support/crashable-site.ts';
import { crashableSteps, type PlayedStep } from '#test/support/crashable-steps.ts';
import { startCrashableStores } from '#test/support/crashable-stores.ts';
import { createHolding } from '#test/support/holding.ts';

const MINUTE_MS = 60_000;
/** Step Functions keeps the name of an ended execution for this long. */
const NAMES_KEPT_MS = 90 * 24 * 60 * MINUTE_MS;

interface RelayOptions {
  readonly machines: Readonly<Partial<Record<Machine, Level>>>;
  readonly config: RelayConfig;
}

export interface CrashableRelayOptions extends SiteOptions, RelayOptions {
  readonly fleet: readonly FleetAccount[];
}

/** The order of a sync run. */
export interface Order {
  readonly sync: string;
  readonly mode?: 'changes' | 'verify';
}

/** The order of a rotation. */
export type RotationOrder = RotateStepInput['order'];

/** Result of an invocation. `died` is true if the process was killed. */
export type Invoked = InvocationResult & { readonly died: boolean };

/** The next invocation of a run. */
export interface Invocation {
  readonly step: PlayedStep;
  readonly perform: (crashPlan?: CrashPlan) => Promise<Invoked>;
  /** Stops the execution. Its processes go on. */
  readonly stop: () => void;
}

/** Performs an invocation of a run. */
export type Through = (invocation: Invocation) => Promise<Invoked>;

/** Calls a function before and after each outside call. What it returns interrupts the process. */
export const watching =
  (watch: (step: PlayedStep) => Interruption | undefined, through: Through = ({ perform }) => perform()): Through =>
  (invocation) =>
    through({
      ...invocation,
      perform: (plan = new CrashPlan()) => invocation.perform(new WatchedPlan(plan, () => watch(invocation.step))),
    });

export interface RunOptions {
  readonly through?: Through;
  /** True if the list of executions contains it. */
  readonly isListed?: boolean;
  /** Called for each wait; the run goes on when it resolves. Default: advances the clock. */
  readonly wait?: (seconds: number) => Promise<void>;
  /** True if the caller performs each invocation. A stopped run then ends without waiting for open invocations. */
  readonly isStepped?: boolean;
}

interface SendOptions extends RunOptions {
  /** The sender. */
  readonly by?: Principal;
  /** Time of the message, in epoch milliseconds. Default: now. */
  readonly sentAt?: number;
}

interface ReapOptions extends RunOptions {
  readonly mayFail?: boolean;
}

export type CrashableRelay = Awaited<ReturnType<typeof startCrashableRelay>>;

/** Starts the relay against a simulated Password Safe. */
export const startCrashableRelay = async ({ machines, config, ...site }: CrashableRelayOptions) => {
  const { oauth, apiKey, userName } = DEFAULT_APPLICATION;
  const bootstrap = { ...oauth, apiKey: apiKey.key, runAs: userName };
  const { relay, site: remote } = await startRelayAround(
    async (now) => ({
      ...(await startCrashableSite(site, now)),
      bootstrap,
    }),
    { machines, config },
  );
  const { simulator, asPerson, asOwnUser, lostCalls } = remote;
  return { ...relay, simulator, asPerson, asOwnUser, lostCalls };
};

/** A simulated vault, the sockets to it, and the content of the relay's bootstrap secret for it. */
interface RemoteSite {
  readonly http: Http;
  readonly bootstrap: object;
  readonly close: () => Promise<void>;
}

/**
 * Starts the relay with its real steps, clients and workflows against a simulated vault and the local Secrets
 * Manager. Everything runs in one process. A simulated relay process can be killed between any two outside calls.
 */
export const startRelayAround = async <Site extends RemoteSite>(
  startSite: (now: () => number) => Promise<Site>,
  { machines, config }: RelayOptions,
) => {
  const start = Date.parse('2026-03-01T00:00:00Z');
  const clock = createClock(() => start);
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-crashable-'));
  const site = await startSite(clock.now);
  const { http } = site;
  const manager = createSecretsManager({ now: clock.now });
  const otherStores = await startCrashableStores(config, clock.now);
  const bucket = createCrashableBucket();
  const { records, shared, signals, claims } = bucket;
  const create = (Name: string, SecretString?: string) =>
    manager.handle('CreateSecret', { Name, SecretString, ClientRequestToken: randomUUID() });
  create(tokenSecretName(config.relay, 'vault'));
  create('bootstrap/vault', JSON.stringify(site.bootstrap));

  let current = config;
  const payloads: string[] = [];
  const notices: string[] = [];
  const invoke = async (step: PlayedStep, payload: string, crashPlan: CrashPlan): Promise<Invoked> => {
    payloads.push(payload);
    const crashable = new CrashableProcess(crashPlan);
    const { all } = executions;
    const { now } = clock;
    const outside = {
      config: current,
      http,
      otherStores,
      manager,
      records,
      shared,
      claims,
      signals,
      executions: all,
      startRelease,
      startSync,
      startRotation,
      notices,
      now,
    };
    try {
      const answer = await crashableSteps(outside, crashable)[step](JSON.parse(payload));
      if (!crashable.isDead) return { ok: true, payload: JSON.stringify(answer), died: false };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!crashable.isDead) return { ...failure(error.name, error.message), died: false };
    }
    return { ...failure('Runtime.ExitError', 'The process exited.'), died: true };
  };

  const executions = createCrashableExecutions({ machines, clock, directory, invoke });
  const { execute, isStarted } = executions;

  const toRelease: ((options: RunOptions) => Promise<string>)[] = [];
  const startRelease = (name: string, input: string): boolean => {
    if (isStarted('release', name)) return false;
    toRelease.push((options) => execute('release', name, JSON.parse(input), options));
    return true;
  };

  /** Syncs that a rotation has started, and that have not begun. */
  const toSync = new Map<string, string>();
  const startSync = (name: string, input: string): void => {
    if (!isStarted('sync', name)) toSync.set(name, input);
  };
  const runStartedSyncs = async (options: RunOptions): Promise<void> => {
    for (const [name, input] of toSync) {
      toSync.delete(name);
      await execute('sync', name, JSON.parse(input), options);
    }
  };

  /** The syncs that a rotation starts run during its waits, or after its end. */
  const executeRotation = async (name: string, input: Json, options: RunOptions = {}): Promise<string> => {
    const { wait = async (seconds) => clock.advance(seconds * 1000), ...others } = options;
    const status = await execute('rotate', name, input, {
      ...others,
      async wait(seconds) {
        await runStartedSyncs(options);
        await wait(seconds);
      },
    });
    await runStartedSyncs(options);
    return status;
  };

  /** Rotations that the end of a checkout has started, and that have not begun. */
  const toRotate = new Map<string, string>();
  const startRotation = (name: string, input: string): void => {
    if (!isStarted('rotate', name)) toRotate.set(name, input);
  };

  const sendMessage = async (
    message: Message,
    { by = SENDER, sentAt = clock.now(), ...options }: SendOptions = {},
  ): Promise<string | undefined> => {
    const started: Promise<string>[] = [];
    const executionsOf = (machine: Machine): Executions => ({
      start: async (name, input) => {
        const known = executions.find(machine, name);
        if (known === undefined) started.push(execute(machine, name, JSON.parse(input), options));
        return known === undefined || (known.isRunning && known.input === input);
      },
      find: async (name) => {
        const known = executions.find(machine, name);
        return known && { input: known.input, endedAt: known.endedAt };
      },
    });
    const refusal = await takeMessage({ config: current, bucket, executionsOf, now: clock.now }, message, {
      by,
      sentAt,
    });
    await Promise.all(started);
    return refusal;
  };

  /** Claims the id with the opening time of the order. */
  const claim = (order: CheckoutIdentity): Promise<unknown> => {
    const { principal, id, opening } = order;
    return bucket.claims.claim(idAt.known(order, principal), { principal, id, opening });
  };

  const relay = {
    manager,
    /** The stores beside Secrets Manager; empty in a scenario without them. */
    otherStores,
    records,
    shared,
    signals,
    executions: executions.all,
    /** The input of every step, which contains the results of other steps. */
    payloads,
    /** Lines of the notices about old checkouts. */
    notices,
    now: clock.now,
    advance(minutes: number): void {
      clock.advance(Math.round(minutes * MINUTE_MS));
    },
    /** Deploys another configuration. */
    deploy(config: RelayConfig): void {
      current = config;
    },

    /** Runs a rotation as its schedule would, or for an order, and returns its status. */
    rotate: (id: string, order: RotationOrder, options?: RunOptions): Promise<string> =>
      executeRotation(`${order.rule}.${id}`, JSON.parse(JSON.stringify(order)), options),

    /** Runs the rotations that ends of checkouts have started. Returns the status of each, by its name. */
    async runStartedRotations(options?: RunOptions): Promise<Readonly<Record<string, string>>> {
      const started = [...toRotate];
      toRotate.clear();
      const ended: Record<string, string> = {};
      for (const [name, input] of started) ended[name] = await executeRotation(name, JSON.parse(input), options);
      return ended;
    },

    /** Runs a sync as its schedule would, and returns its status. */
    sync: (id: string, order: Order, options?: RunOptions) =>
      execute('sync', `${order.sync}.${id}`, { ...order }, options),

    /** Runs a debounced sync for items that messages named now, and returns its status. */
    async syncNamed(sync: string, items: readonly Labels[], options?: RunOptions): Promise<string> {
      const { run, waitSeconds } = debounceAt(sync, clock.now());
      for (const named of items) {
        await records.write(namedAt.item({ rule: sync, run }, named), named);
      }
      return execute('sync', run, { sync, items: 'named', waitSeconds }, options);
    },

    /** Sends a message and runs what it starts. Returns the reason of a refusal. */
    sendMessage,

    /** Runs a checkout by its message. */
    async checkOut(
      { opening, principal, ...message }: CheckoutOrder,
      options?: RunOptions,
    ): Promise<string | undefined> {
      await claim({ ...message, principal, opening });
      return sendMessage(message, { by: principal, ...options });
    },

    /** Releases a checkout by its message. */
    async release(order: CheckoutIdentity, options?: RunOptions): Promise<void> {
      const { checkout, id, principal } = order;
      await claim(order);
      await sendMessage({ type: 'checkout.released', checkout, id }, { by: principal, ...options });
    },

    /** Starts an execution of a checkout directly, without a message. */
    startByHand: (order: CheckoutOrder, options?: RunOptions): Promise<string> =>
      execute('checkout', checkoutRun(order), JSON.parse(JSON.stringify(order)), options),

    /** Advances the clock by 90 days, after which Step Functions forgets ended executions. */
    forgetExecutions(): void {
      clock.advance(NAMES_KEPT_MS);
      executions.forget();
    },
    /** Expires objects, like the lifecycle rule of the records bucket. */
    forgetRecords: bucket.forget,

    ...createHolding(clock),

    /** Invokes a function for a task of any interpreter. */
    invoke: (functionArn: string, payload: string, crashPlan: CrashPlan) =>
      invoke(stepOf(functionArn), payload, crashPlan),

    /**
     * Runs reap, then each release that it starts.
     * @returns true if the process was not killed. @throws when reap fails without a kill, unless `mayFail`.
     */
    async reap(crashPlan = new CrashPlan(), { mayFail = false, ...options }: ReapOptions = {}): Promise<boolean> {
      const result = await invoke('upkeep/reap', 'null', crashPlan);
      for (const release of toRelease.splice(0)) await release(options);
      if (!result.ok && !result.died && !mayFail) throw new Error(`reap failed: ${result.failure.errorMessage}`);
      return !result.died;
    },

    /** Runs a rule for old checkouts as its schedule would. A run that dies has no result. */
    endOldCheckouts: (rule: string, id: string, crashPlan = new CrashPlan()): Promise<Invoked> =>
      invoke('upkeep/old-checkouts', JSON.stringify({ rule, run: `${rule}.${id}` }), crashPlan),

    async close(): Promise<void> {
      executions.close();
      await site.close();
      await otherStores.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return { relay, site };
};

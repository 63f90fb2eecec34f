import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '#local/aws/clock.ts';
import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { Level } from '#local/aws/step-functions/definition.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Executions } from '#shared/aws/executions.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { gatheringAt } from '#shared/domain/gathering.ts';
import type { Labels } from '#shared/domain/item.ts';
import type { CheckoutOrder, Message } from '#shared/messages/messages.ts';
import { tokenSecretName } from '#shared/names.ts';
import { idAt } from '#shared/records/ids.ts';
import { namedAt } from '#shared/records/named-items.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { SENDER } from '#test/support/checkouts.ts';
import { createHolding } from '#test/support/holding.ts';
import { Fate, Mortal } from '#test/support/mortal.ts';
import { createMortalBucket } from '#test/support/mortal-bucket.ts';
import { createMortalExecutions, stepOf } from '#test/support/mortal-executions.ts';
import { takeMessage } from '#test/support/mortal-intake.ts';
import { type SiteOptions, startMortalSite } from '#test/support/mortal-site.ts';
import { mortalSteps, type PlayedStep } from '#test/support/mortal-steps.ts';

const MINUTE_MS = 60_000;
/** For so long Step Functions keeps names of executions that have ended. */
const NAMES_KEPT_MS = 90 * 24 * 60 * MINUTE_MS;

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

interface TellOptions extends RunOptions {
  /** Who sends it. */
  readonly by?: Principal;
}

interface ReapOptions extends RunOptions {
  readonly mayFail?: boolean;
}

export type MortalRelay = Awaited<ReturnType<typeof startMortalRelay>>;

/**
 * The relay with its real steps, clients and workflow against the simulated vault and the local Secrets Manager, in one
 * process and thus fast: only what plays a process of the relay can die, between any two of its outside calls.
 */
export const startMortalRelay = async ({ machines, config, ...site }: MortalRelayOptions) => {
  const start = Date.parse('2026-03-01T00:00:00Z');
  const clock = createClock(() => start);
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-mortal-'));
  const { simulator, http, asPerson, asOwnUser, lostCalls, ...vault } = await startMortalSite(site, clock.now);
  const manager = createSecretsManager({ now: clock.now });
  const bucket = createMortalBucket();
  const { records, notes, claims } = bucket;
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
    const { all } = executions;
    const { now } = clock;
    const outside = { config: current, http, manager, records, claims, notes, executions: all, startRelease, now };
    try {
      const answer = await mortalSteps(outside, mortal)[step](JSON.parse(payload));
      if (!mortal.isDead) return { ok: true, payload: JSON.stringify(answer), died: false };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!mortal.isDead) return { ...failure(error.name, error.message), died: false };
    }
    return { ...failure('Runtime.ExitError', 'The process exited.'), died: true };
  };

  const executions = createMortalExecutions({ machines, clock, directory, invoke });
  const { execute, isStarted } = executions;

  const toRelease: ((options: RunOptions) => Promise<string>)[] = [];
  const startRelease = (name: string, input: string): boolean => {
    if (isStarted('release', name)) return false;
    toRelease.push((options) => execute('release', name, JSON.parse(input), options));
    return true;
  };

  const tell = async (message: Message, { by = SENDER, ...options }: TellOptions = {}): Promise<string | undefined> => {
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
    const refusal = await takeMessage({ config: current, bucket, executionsOf, now: clock.now }, message, by);
    await Promise.all(started);
    return refusal;
  };

  /** The id is known from then on from when its checkout says that it is. */
  const claim = (order: CheckoutIdentity): Promise<unknown> => {
    const { principal, id, opening } = order;
    return bucket.claims.claim(idAt.known(order, principal), { principal, id, opening });
  };

  return {
    simulator,
    manager,
    records,
    notes,
    executions: executions.all,
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
        await records.write(namedAt.item({ rule: sync, run }, named), named);
      }
      return execute('sync', run, { sync, items: 'named', waitSeconds }, options);
    },

    /** Takes a message, runs what it starts, and says why it was refused, if it was. */
    tell,

    /** Runs a checkout by its message. */
    async checkOut(
      { opening, principal, ...message }: CheckoutOrder,
      options?: RunOptions,
    ): Promise<string | undefined> {
      await claim({ ...message, principal, opening });
      return tell(message, { by: principal, ...options });
    },

    /** Releases a checkout by its message. */
    async release(order: CheckoutIdentity, options?: RunOptions): Promise<void> {
      const { checkout, id, principal } = order;
      await claim(order);
      await tell({ type: 'checkout.released', checkout, id }, { by: principal, ...options });
    },

    /** Starts an execution of a checkout by hand, whatever its name. */
    startByHand: (order: CheckoutOrder, options?: RunOptions): Promise<string> =>
      execute('checkout', checkoutRun(order), JSON.parse(JSON.stringify(order)), options),

    /** So many days pass, and Step Functions forgets what has ended, as it does after 90 of them. */
    forgetExecutions(): void {
      clock.advance(NAMES_KEPT_MS);
      executions.forget();
    },
    /** The lifecycle of the records bucket takes such objects away. */
    forgetRecords: bucket.forget,

    ...createHolding(clock),

    /** Does what a task of any interpreter asks of a function. */
    invoke: (functionArn: string, payload: string, fate: Fate) => invoke(stepOf(functionArn), payload, fate),

    /**
     * Reaps, and lets the releases that it starts happen one by one.
     * @returns whether the process lived. @throws when reap failed although it did, and must not.
     */
    async reap(fate = new Fate(), { mayFail = false, ...options }: ReapOptions = {}): Promise<boolean> {
      const result = await invoke('upkeep/reap', 'null', fate);
      for (const release of toRelease.splice(0)) await release(options);
      if (!result.ok && !result.died && !mayFail) throw new Error(`reap failed: ${result.failure.errorMessage}`);
      return !result.died;
    },

    asPerson,
    asOwnUser,
    lostCalls,

    async close(): Promise<void> {
      executions.close();
      await vault.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

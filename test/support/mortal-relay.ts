import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEPS, type Step } from '#infra/steps.ts';
import { createClock } from '#local/aws/clock.ts';
import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { Level } from '#local/aws/step-functions/definition.ts';
import { startRun } from '#local/aws/step-functions/run.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { apiKeyAuthenticator } from '#shared/clients/password-safe/authentication.ts';
import { createPasswordSafe } from '#shared/clients/password-safe/client.ts';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { createHttp } from '#shared/http/http.ts';
import { tokenSecretName } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import { memoryRecords } from '#test/support/fakes.ts';
import { Fate, Mortal } from '#test/support/mortal.ts';
import { type Execution, mortalSteps } from '#test/support/mortal-steps.ts';

export const SEED = 7;
const MINUTE_MS = 60_000;

/** A small fleet with one of each of the first awkward kinds; people may hold an account next to the relay. */
export const sharedFleet = (accounts: number): FleetAccount[] =>
  createFleet({ accounts, seed: SEED }).map((account) => ({ ...account, maxConcurrentRequests: 0 }));

export interface MortalRelayOptions {
  readonly machine: Level;
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
  readonly step: Step;
  readonly perform: (fate: Fate) => Promise<Invoked>;
  /** Stops the execution, which is no concern of its processes. */
  readonly stop: () => void;
}

export type MortalRelay = Awaited<ReturnType<typeof startMortalRelay>>;

/**
 * The relay with its real steps, clients and workflow against the simulated vault and the local Secrets Manager, in one
 * process and thus fast: only what plays a process of the relay can die, between any two of its outside calls.
 */
export const startMortalRelay = async ({ machine, config, fleet }: MortalRelayOptions) => {
  const start = Date.parse('2026-03-01T00:00:00Z');
  const clock = createClock(() => start);
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-mortal-'));
  const simulator = await startPasswordSafe({ fleet, now: clock.now, seed: SEED });
  const manager = createSecretsManager({ now: clock.now });
  const records = memoryRecords();
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
  const invoke = async (step: Step, payload: string, fate: Fate): Promise<Invoked> => {
    const mortal = new Mortal(fate);
    const outside = { config: current, http, manager, records, executions, now: clock.now };
    try {
      const answer = await mortalSteps(outside, mortal)[step](JSON.parse(payload));
      if (!mortal.isDead) return { ok: true, payload: JSON.stringify(answer), died: false };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!mortal.isDead) return { ...failure(error.name, error.message), died: false };
    }
    return { ...failure('Runtime.ExitError', 'The process exited.'), died: true };
  };

  /** A session of a user who is not the relay, or of something else that signs in as the relay's own user. */
  const signedInAs = <T>(
    { userName: runAs, apiKey: registration }: KeyUser,
    work: (session: VaultSession) => Promise<T>,
  ) => {
    const password = registration.password === undefined ? undefined : new Secret(registration.password);
    const authenticator = apiKeyAuthenticator({
      connection: 'vault',
      apiKey: new Secret(registration.key),
      runAs,
      password,
    });
    return createPasswordSafe({ connection: 'vault', http, authenticator, onSignOutFailure: () => {} }).withSession(
      work,
    );
  };

  return {
    simulator,
    manager,
    records,
    executions,
    now: clock.now,
    advance(minutes: number): void {
      clock.advance(minutes * MINUTE_MS);
    },
    /** Deploys another configuration. */
    deploy(config: RelayConfig): void {
      current = config;
    },

    /** Runs a sync as its schedule would, and says how it ended. `through` lets each of its invocations happen. */
    async sync(
      id: string,
      order: Order,
      through = ({ perform }: Invocation): Promise<Invoked> => perform(new Fate()),
      { isListed = true } = {},
    ): Promise<string> {
      const name = `${order.sync}.${id}`;
      const execution: Execution = { name, startDate: new Date(clock.now()), isRunning: true, isListed };
      executions.push(execution);
      const run = startRun(machine, {
        arn: `arn:aws:states:eu-central-1:000000000000:execution:pam-relay-sync:${name}`,
        name,
        input: { ...order },
        directory,
        clock,
        // Whatever is waited for comes at once.
        wait: async (seconds) => clock.advance(seconds * 1000),
        invoke: (functionArn, payload) => {
          const step = stepOf(functionArn);
          return through({ step, perform: (fate) => invoke(step, payload, fate), stop: run.stop });
        },
      });
      const { status } = await run.ended;
      execution.isRunning = false;
      return status;
    },

    /** Does what a task of any interpreter asks of a function. */
    invoke: (functionArn: string, payload: string, fate: Fate) => invoke(stepOf(functionArn), payload, fate),

    /** @returns whether the process lived. @throws when reap failed although it did. */
    async reap(fate = new Fate()): Promise<boolean> {
      const result = await invoke('reap', 'null', fate);
      if (!result.ok && !result.died) throw new Error(`reap failed: ${result.failure.errorMessage}`);
      return !result.died;
    },

    asPerson: <T>(work: (session: VaultSession) => Promise<T>) => signedInAs(DEFAULT_APPROVER, work),
    asOwnUser: <T>(work: (session: VaultSession) => Promise<T>) => signedInAs(DEFAULT_APPLICATION, work),

    async close(): Promise<void> {
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

export const stepOf = (functionArn: string): Step => {
  const id = functionArn.split(':').at(-1)?.toLowerCase() ?? '';
  const step = STEPS.find((name) => id.startsWith(name));
  if (step === undefined) throw new Error(`No step has the function ${functionArn}.`);
  return step;
};

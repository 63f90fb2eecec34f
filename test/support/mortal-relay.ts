import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthenticate } from '#functions/authenticate/authenticate.ts';
import { createCheckIn } from '#functions/checkin/checkin.ts';
import { createPlan } from '#functions/plan/plan.ts';
import { createReap } from '#functions/reap/reap.ts';
import { createReport } from '#functions/report/report.ts';
import { createRequest } from '#functions/request/request.ts';
import { createRetrieve } from '#functions/retrieve/retrieve.ts';
import type { STEPS } from '#infra/steps.ts';
import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { Level } from '#local/aws/step-functions/definition.ts';
import { startRun } from '#local/aws/step-functions/run.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { createHttp } from '#shared/http/http.ts';
import { ownerOf, tokenSecretName } from '#shared/names.ts';
import { connectVaults } from '#shared/runtime/vaults.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager.ts';
import { steps } from '#shared/workflow.ts';
import { aConfig } from '#test/support/configs.ts';
import { memoryRecords } from '#test/support/fakes.ts';
import { Mortal } from '#test/support/mortal.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

const RELAY_ID = 'pam-relay.000000000000.eu-central-1';
const HOUR_MS = 3_600_000;
const SYNC = 'databases';

type StepName = (typeof STEPS)[number];

/**
 * The relay with its real steps, clients and workflow against the simulated vault and the local Secrets Manager, in one
 * process and thus fast: only that process can die, between any two of its outside calls.
 */
export const startMortalRelay = async (machine: Level) => {
  let now = Date.parse('2026-03-01T00:00:00Z');
  const clock = () => now;
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-mortal-'));
  const simulator = await startPasswordSafe({ fleet: createFleet({ accounts: 8, seed: 7 }), now: clock, seed: 7 });
  const manager = createSecretsManager({ now: clock });
  const mortal = new Mortal();
  const records = memoryRecords();
  const ended = new Map<string, boolean>();

  const config = aConfig({ name: 'prod/{systemName}/{domainName}/{accountName}', value: '{credential}' });
  const { vault } = config.connections;
  if (vault !== undefined) Object.assign(vault, { url: simulator.url, ca: simulator.caPem });
  const { clientId, clientSecret } = DEFAULT_APPLICATION.oauth;
  const create = (secret: object) => manager.handle('CreateSecret', { ...secret, ClientRequestToken: randomUUID() });
  create({ Name: tokenSecretName(config.relay, 'vault') });
  create({ Name: 'bootstrap/vault', SecretString: JSON.stringify({ clientId, clientSecret }) });

  /** Made anew for each invocation: a process that takes another's place remembers nothing. */
  const wire = () => {
    const secretsManager = mortal.secretsManager(connectInProcess(manager));
    const vaults = connectVaults({
      config,
      secretsManager,
      onSignOutFailure: () => {},
      onSignInRefused: async () => {},
      now: clock,
      connectHttp: (options) => mortal.http(createHttp({ ...options, sleep: async () => {}, now: clock })),
    });
    const storeFor = (sync: string) =>
      createAwsSecretsManagerStore({ client: secretsManager, owner: ownerOf(RELAY_ID, sync) });
    const shared = { relayId: RELAY_ID, syncs: config.syncs, storeFor, records: mortal.records(records), now: clock };
    return { shared, vaults };
  };

  const perform: Record<StepName, (payload: unknown) => Promise<unknown>> = {
    authenticate: async (payload) => {
      const { shared, vaults } = wire();
      return createAuthenticate({ ...shared, ensureSignIn: vaults.ensureSignIn })(
        steps.authenticate.input.parse(payload),
      );
    },
    plan: async (payload) => {
      const { shared, vaults } = wire();
      const isOvertaken = async () => false;
      return createPlan({ ...shared, vaultFor: vaults.forSync, isOvertaken })(steps.plan.input.parse(payload));
    },
    request: async (payload) => {
      const { shared, vaults } = wire();
      return createRequest({ ...shared, vaultFor: vaults.forBatch })(steps.request.input.parse(payload));
    },
    retrieve: async (payload) => {
      const { shared, vaults } = wire();
      const renderingFor = () => createRendering('{credential}');
      const step = createRetrieve({ ...shared, vaultFor: vaults.forBatch, renderingFor });
      return step(steps.retrieve.input.parse(payload), { remainingMs: () => 900_000 });
    },
    checkin: async (payload) => {
      const { shared, vaults } = wire();
      return createCheckIn({ ...shared, vaultFor: vaults.forBatch })(steps.checkin.input.parse(payload));
    },
    report: async (payload) => {
      const { shared } = wire();
      return createReport({ ...shared, measure: async () => {}, notify: async () => {} })(
        steps.report.input.parse(payload),
      );
    },
    reap: async () => {
      const { shared, vaults } = wire();
      const hasEnded = async (run: string) => ended.get(run) ?? true;
      return createReap({
        ...shared,
        vaults: { vault: vaults.ofConnection('vault') },
        hasEnded,
        measure: async () => {},
      })();
    },
  };

  const invoke = async (step: StepName, payload: string): Promise<InvocationResult> => {
    mortal.replace();
    try {
      const answer = JSON.stringify(await perform[step](JSON.parse(payload)));
      if (!mortal.isDead) return { ok: true, payload: answer };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!mortal.isDead) return failure(error.name, error.message);
    }
    return failure('Runtime.ExitError', 'The process exited.');
  };

  return {
    simulator,
    manager,
    mortal,

    /** Runs the sync as its schedule would; `diesWhole` ends the execution, too, with the first process that dies. */
    async sync(id: string, { diesWhole = false } = {}): Promise<string> {
      const name = `${SYNC}.${id}`;
      const arn = `arn:aws:states:eu-central-1:000000000000:execution:pam-relay-sync:${name}`;
      ended.set(name, false);
      const run = startRun(machine, {
        arn,
        name,
        input: { sync: SYNC },
        directory,
        now: clock,
        invoke: async (functionArn, payload) => {
          const result = await invoke(stepOf(functionArn), payload);
          if (diesWhole && mortal.isDead) run.stop();
          return result;
        },
      });
      const { status } = await run.ended;
      ended.set(name, true);
      now += HOUR_MS;
      return status;
    },

    /** Does what a task of any interpreter asks of a function. */
    invoke: (functionArn: string, payload: string) => invoke(stepOf(functionArn), payload),

    reap: () => invoke('reap', 'null'),

    async close() {
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

export const stepOf = (functionArn: string): StepName => {
  const id = functionArn.split(':').at(-1)?.toLowerCase() ?? '';
  const step = (['authenticate', 'plan', 'request', 'retrieve', 'checkin', 'report'] as const).find((name) =>
    id.startsWith(name),
  );
  if (step === undefined) throw new Error(`No step has the function ${functionArn}.`);
  return step;
};

import { createAuthenticate } from '#functions/authenticate/authenticate.ts';
import { createCheckIn } from '#functions/checkin/checkin.ts';
import { createPlan } from '#functions/plan/plan.ts';
import { hasPredecessor } from '#functions/plan/predecessor.ts';
import { createReap } from '#functions/reap/reap.ts';
import { createReport } from '#functions/report/report.ts';
import { createRequest } from '#functions/request/request.ts';
import { createRetrieve } from '#functions/retrieve/retrieve.ts';
import type { Step } from '#infra/steps.ts';
import type { SecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import type { Http } from '#shared/http/http.ts';
import { ownerOf } from '#shared/names.ts';
import type { Records } from '#shared/records/records.ts';
import { connectVaults } from '#shared/runtime/vaults.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager.ts';
import { steps } from '#shared/workflow.ts';
import type { Mortal } from '#test/support/mortal.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

export const RELAY_ID = 'pam-relay.000000000000.eu-central-1';

/** An execution that Step Functions knows. */
export interface Execution {
  readonly name: string;
  readonly startDate: Date;
  isRunning: boolean;
  /** The list of executions is eventually consistent: one that is not in it yet runs without others' knowledge. */
  readonly isListed: boolean;
}

/** All that a process of the relay reaches, and that outlives it. */
export interface Outside {
  readonly config: RelayConfig;
  readonly http: Http;
  readonly manager: SecretsManager;
  readonly records: Records;
  readonly executions: readonly Execution[];
  readonly now: () => number;
}

type Perform = (payload: unknown) => Promise<unknown>;

/**
 * The relay's own steps and clients in one process, each of whose outside calls goes through the mortal. Made anew for
 * each invocation: a process that takes another's place remembers nothing.
 */
export const mortalSteps = (outside: Outside, mortal: Mortal): Record<Step, Perform> => {
  const { config, manager, now } = outside;
  const secretsManager = mortal.secretsManager(connectInProcess(manager));
  const vaults = connectVaults({
    config,
    secretsManager,
    onSignOutFailure: () => {},
    onSignInRefused: async () => {},
    now,
    connectHttp: () => mortal.http(outside.http),
  });
  const storeFor = (sync: string) =>
    createAwsSecretsManagerStore({ client: secretsManager, owner: ownerOf(RELAY_ID, sync) });
  const running = () => mortal.call(async () => outside.executions.filter(({ isRunning }) => isRunning));
  const records = mortal.records(outside.records);
  const measure = async () => {};
  const shared = { relayId: RELAY_ID, syncs: config.syncs, storeFor, records, measure, now };
  const sharedByBatch = { ...shared, vaultFor: vaults.forBatch };

  const authenticate = createAuthenticate({ ...shared, ensureSignIn: vaults.ensureSignIn });
  const plan = createPlan({
    ...shared,
    vaultFor: vaults.forSync,
    isOvertaken: async (sync, run) =>
      hasPredecessor(
        sync,
        run,
        (await running()).filter(({ isListed }) => isListed),
      ),
  });
  const request = createRequest(sharedByBatch);
  const retrieve = createRetrieve({
    ...sharedByBatch,
    renderingFor: (sync) => createRendering(config.syncs[sync]?.value ?? ''),
  });
  const checkin = createCheckIn(sharedByBatch);
  const report = createReport({ ...shared, notify: () => mortal.call(async () => {}) });
  const reap = createReap({
    ...shared,
    vaults: { vault: vaults.ofConnection('vault') },
    hasEnded: async (run) => (await running()).every(({ name }) => name !== run),
  });

  return {
    authenticate: (payload) => authenticate(steps.authenticate.input.parse(payload)),
    plan: (payload) => plan(steps.plan.input.parse(payload)),
    request: (payload) => request(steps.request.input.parse(payload)),
    retrieve: (payload) => retrieve(steps.retrieve.input.parse(payload), { remainingMs: () => 900_000 }),
    checkin: (payload) => checkin(steps.checkin.input.parse(payload)),
    report: (payload) => report(steps.report.input.parse(payload)),
    reap: () => reap(),
  };
};

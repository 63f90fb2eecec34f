import { createAuthenticate } from '#functions/authenticate/authenticate.ts';
import { createCheckIn } from '#functions/checkin/checkin.ts';
import { createReadNamed } from '#functions/plan/named.ts';
import { createPlan } from '#functions/plan/plan.ts';
import { hasPredecessor } from '#functions/plan/predecessor.ts';
import { createCloseAbandoned } from '#functions/reap/close-abandoned.ts';
import { createEndedAt } from '#functions/reap/ended-at.ts';
import { createReap } from '#functions/reap/reap.ts';
import { createStartRelease } from '#functions/reap/start-release.ts';
import { createReport } from '#functions/report/report.ts';
import { createRequest } from '#functions/request/request.ts';
import { createRetrieve } from '#functions/retrieve/retrieve.ts';
import type { Workflow } from '#infra/definition.ts';
import type { Step } from '#infra/steps.ts';
import type { SecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { renderingOf } from '#shared/config/sync-rules.ts';
import type { Http } from '#shared/http/http.ts';
import { ownerOf } from '#shared/names.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import { byOrder } from '#shared/runtime/by-order.ts';
import { connectVaults } from '#shared/runtime/vaults.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager.ts';
import { steps } from '#shared/workflow.ts';
import type { Mortal } from '#test/support/mortal.ts';
import { mortalCheckoutSteps } from '#test/support/mortal-checkout-steps.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

export const RELAY_ID = 'pam-relay.000000000000.eu-central-1';

/** An execution that Step Functions knows. */
export interface Execution {
  readonly workflow: Workflow;
  readonly name: string;
  readonly startDate: Date;
  isRunning: boolean;
  /** Epoch milliseconds; undefined while it runs. */
  endedAt?: number;
  /** The list of executions is eventually consistent: one that is not in it yet runs without others' knowledge. */
  readonly isListed: boolean;
}

/** All that a process of the relay reaches, and that outlives it. */
export interface Outside {
  readonly config: RelayConfig;
  readonly http: Http;
  readonly manager: SecretsManager;
  readonly records: Records;
  readonly notes: Notes;
  readonly executions: readonly Execution[];
  /** Starts an execution of the release machine, unless there is one of that name; false when there is. */
  readonly startRelease: (name: string, input: string) => boolean;
  readonly now: () => number;
}

export type Perform = (payload: unknown) => Promise<unknown>;

/** Every function but the one that takes messages, which opens nothing itself. */
export type PlayedStep = Exclude<Step, 'intake-queue'>;

/**
 * The relay's own steps and clients in one process, each of whose outside calls goes through the mortal. Made anew for
 * each invocation: a process that takes another's place remembers nothing.
 */
export const mortalSteps = (outside: Outside, mortal: Mortal): Record<PlayedStep, Perform> => {
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
  const storeFor = (owner: string) =>
    createAwsSecretsManagerStore({ client: secretsManager, owner: ownerOf(RELAY_ID, owner) });
  const running = () => mortal.call(async () => outside.executions.filter(({ isRunning }) => isRunning));
  const records = mortal.records(outside.records);
  const notes = mortal.notes(outside.notes);
  const measure = async () => {};
  const notify = () => mortal.call(async () => {});
  const shared = { relayId: RELAY_ID, syncs: config.syncs, storeFor, records, measure, now };
  const sharedByBatch = { ...shared, vaultFor: vaults.forBatch };
  const find = (run: string) =>
    mortal.call(async () => {
      const found = outside.executions.findLast(({ workflow, name }) => workflow !== 'release' && name === run);
      return found && { input: '', endedAt: found.endedAt };
    });
  const endedAt = createEndedAt([{ find }]);

  const authenticate = createAuthenticate({ ...shared, ensureSignIn: vaults.ensureSignIn });
  const plan = createPlan({
    ...shared,
    vaultFor: vaults.forSync,
    readNamed: createReadNamed(records, notes),
    isOvertaken: async (sync, run) =>
      hasPredecessor(
        sync,
        run,
        (await running()).filter(({ workflow, isListed }) => workflow === 'sync' && isListed),
      ),
  });
  const request = createRequest(sharedByBatch);
  const retrieve = createRetrieve({
    ...sharedByBatch,
    renderingFor: (sync) => renderingOf(syncNamed(config.syncs, sync)),
  });
  const checkin = createCheckIn(sharedByBatch);
  const report = createReport({ ...shared, notify });
  const reap = createReap({
    ...shared,
    vaults: { vault: vaults.ofConnection('vault') },
    endedAt,
    holdsRequests: (run) => Object.keys(config.checkouts).some((checkout) => run.startsWith(`${checkout}.`)),
    closeAbandoned: createCloseAbandoned({
      notes,
      endedAt,
      startRelease: createStartRelease(
        { start: (name, input) => mortal.call(async () => outside.startRelease(name, input)) },
        now,
      ),
      now,
    }),
  });

  const checkouts = mortalCheckoutSteps({ ...shared, config, vaults, notes, notify });
  const perform = (ofSync: Perform, ofCheckout: Perform): Perform => {
    const choose = byOrder({ sync: ofSync, checkout: ofCheckout });
    return (payload) => choose(payload, { getRemainingTimeInMillis: () => 900_000 });
  };
  return {
    ...checkouts,
    authenticate: perform((payload) => authenticate(steps.authenticate.input.parse(payload)), checkouts.authenticate),
    plan: perform((payload) => plan(steps.plan.input.parse(payload)), checkouts.plan),
    request: perform((payload) => request(steps.request.input.parse(payload)), checkouts.request),
    retrieve: perform(
      (payload) => retrieve(steps.retrieve.input.parse(payload), { remainingMs: () => 900_000 }),
      checkouts.retrieve,
    ),
    checkin: perform((payload) => checkin(steps.checkin.input.parse(payload)), checkouts.checkin),
    report: perform((payload) => report(steps.report.input.parse(payload)), checkouts.report),
    reap: () => reap(),
  };
};

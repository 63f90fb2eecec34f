import { createAuthenticate } from '#functions/authenticate/authenticate.ts';
import { createCheckIn } from '#functions/sync/checkin/checkin.ts';
import { isAfterAnother } from '#functions/sync/plan/earlier-run.ts';
import { createReadNamed } from '#functions/sync/plan/named.ts';
import { createPlan } from '#functions/sync/plan/plan.ts';
import { createReport } from '#functions/sync/report/report.ts';
import { createRequest } from '#functions/sync/request/request.ts';
import { createRetrieve } from '#functions/sync/retrieve/retrieve.ts';
import { createCloseAbandoned } from '#functions/upkeep/reap/close-abandoned.ts';
import { createEndedAt } from '#functions/upkeep/reap/ended-at.ts';
import { createReap } from '#functions/upkeep/reap/reap.ts';
import { createReapedConnections } from '#functions/upkeep/reap/reaped-connections.ts';
import { createStartRelease } from '#functions/upkeep/reap/start-release.ts';
import type { SecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Http } from '#shared/http/http.ts';
import { ownerOf } from '#shared/names.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import { createConnections } from '#shared/runtime/connections.ts';
import { createStores } from '#shared/runtime/stores.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { authenticate as authenticateStep } from '#shared/workflows/authenticate.ts';
import type { checkoutSteps } from '#shared/workflows/checkout.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import type { upkeepSteps } from '#shared/workflows/upkeep.ts';
import type { Mortal } from '#test/support/mortal.ts';
import { mortalCheckoutSteps } from '#test/support/mortal-checkout-steps.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

export const RELAY_ID = 'pam-relay.000000000000.eu-central-1';

/** An execution that Step Functions knows. */
export interface Execution {
  readonly machine: Machine;
  readonly name: string;
  /** JSON. */
  readonly input: string;
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
  readonly claims: Claims;
  readonly notes: Notes;
  readonly executions: readonly Execution[];
  /** Starts an execution of the release machine, unless there is one of that name; false when there is. */
  readonly startRelease: (name: string, input: string) => boolean;
  readonly now: () => number;
}

export type Perform = (payload: unknown) => Promise<unknown>;

/** The folders of these steps. */
export type FolderOf<Steps extends Readonly<Record<string, { readonly folder: string }>>> =
  Steps[keyof Steps]['folder'];

/** Every function but the one that takes messages, which opens nothing itself. By its folder. */
export type PlayedStep =
  | (typeof authenticateStep)['folder']
  | FolderOf<typeof syncSteps>
  | FolderOf<typeof checkoutSteps>
  | FolderOf<typeof upkeepSteps>;

/**
 * The relay's own steps and clients in one process, each of whose outside calls goes through the mortal. Made anew for
 * each invocation: a process that takes another's place remembers nothing.
 */
export const mortalSteps = (outside: Outside, mortal: Mortal): Record<PlayedStep, Perform> => {
  const { config, manager, now } = outside;
  const secretsManager = mortal.secretsManager(connectInProcess(manager));
  const { vaultOf, rulesOf } = createConnections({
    config,
    secretsManager,
    onSignOutFailure: () => {},
    onSignInRefused: async () => {},
    now,
    connectHttp: () => mortal.http(outside.http),
  });
  const stores = createStores({
    config,
    encryptionKey: undefined,
    types: {
      'aws-secrets-manager': async () => ({
        ...awsSecretsManager,
        connect: (_, { owner }) => createAwsSecretsManagerStore({ client: secretsManager, owner }),
      }),
    },
  });
  const records = mortal.records(outside.records);
  const notes = mortal.notes(outside.notes);
  const notify = () => mortal.call(async () => {});
  const shared = {
    relayId: RELAY_ID,
    config,
    vaultOf,
    rulesOf,
    storeFor: (store: string, rule: string) => stores.storeOf(store, ownerOf(RELAY_ID, rule)),
    storeRules: stores.rulesOf,
    records,
    measure: async () => {},
    now,
  };
  const listSyncs = () =>
    mortal.call(async () =>
      outside.executions.filter(({ machine, isRunning, isListed }) => machine === 'sync' && isRunning && isListed),
    );
  const endedAt = createEndedAt((workflow) => ({
    find: (run) =>
      mortal.call(async () => {
        const found = outside.executions.findLast(({ machine, name }) => machine === workflow && name === run);
        return found && { input: found.input, endedAt: found.endedAt };
      }),
  }));

  const authenticate = createAuthenticate(shared);
  const plan = createPlan({
    ...shared,
    readNamed: createReadNamed(records, notes),
    hasEarlierRun: async ({ rule, run }) => isAfterAnother(rule, run, await listSyncs()),
  });
  const request = createRequest(shared);
  const retrieve = createRetrieve(shared);
  const checkin = createCheckIn(shared);
  const report = createReport({ ...shared, notify });
  const reap = createReap({
    ...shared,
    connections: createReapedConnections(config, vaultOf),
    endedAt,
    closeAbandoned: createCloseAbandoned({
      notes,
      endedAt,
      startRelease: createStartRelease(
        { start: (name, input) => mortal.call(async () => outside.startRelease(name, input)) },
        notes,
        now,
      ),
      now,
    }),
  });

  return {
    authenticate: (payload) => authenticate(authenticateStep.input.parse(payload)),
    'sync/plan': (payload) => plan(syncSteps.plan.input.parse(payload)),
    'sync/request': (payload) => request(syncSteps.request.input.parse(payload)),
    'sync/retrieve': (payload) => retrieve(syncSteps.retrieve.input.parse(payload), { remainingMs: () => 900_000 }),
    'sync/checkin': (payload) => checkin(syncSteps.checkin.input.parse(payload)),
    'sync/report': (payload) => report(syncSteps.report.input.parse(payload)),
    ...mortalCheckoutSteps({ ...shared, claims: mortal.claims(outside.claims), notes, notify }),
    'upkeep/reap': () => reap(),
  };
};

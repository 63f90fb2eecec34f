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
import { readClaimants } from '#shared/leases/held-claims.ts';
import { ownerOf } from '#shared/names.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { createConnections } from '#shared/runtime/connections.ts';
import { createStores } from '#shared/runtime/stores.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { authenticate as authenticateStep } from '#shared/workflows/authenticate.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import type { checkoutSteps } from '#shared/workflows/checkout.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import type { oldCheckoutsSteps } from '#shared/workflows/old-checkouts.ts';
import type { rotateSteps } from '#shared/workflows/rotate.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import type { upkeepSteps } from '#shared/workflows/upkeep.ts';
import { crashableCheckoutSteps } from '#test/support/crashable-checkout-steps.ts';
import { crashableOldCheckouts } from '#test/support/crashable-old-checkouts.ts';
import type { CrashableProcess } from '#test/support/crashable-process.ts';
import { crashableRotationSteps } from '#test/support/crashable-rotation-steps.ts';
import type { CrashableStores } from '#test/support/crashable-stores.ts';
import { memoryOpenBatches, memorySharedRecords } from '#test/support/fakes.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

export const RELAY_ID = 'pam-relay.000000000000.eu-central-1';

/** An execution in Step Functions. */
export interface Execution {
  readonly machine: Machine;
  readonly name: string;
  /** JSON. */
  readonly input: string;
  readonly startDate: Date;
  isRunning: boolean;
  /** Epoch milliseconds; undefined while it runs. */
  endedAt?: number;
  /** False if the eventually consistent list of executions does not contain it yet. */
  readonly isListed: boolean;
}

/** Dependencies of a relay process that outlive it. */
export interface Outside {
  readonly config: RelayConfig;
  readonly http: Http;
  readonly otherStores: CrashableStores;
  readonly manager: SecretsManager;
  readonly records: Records;
  /** The same records. The limits of each process are its own. */
  readonly shared: RemovableRecords;
  readonly claims: Claims;
  readonly signals: Signals;
  readonly executions: readonly Execution[];
  /** Starts an execution of the release machine. Returns false if the name is in use. */
  readonly startRelease: (name: string, input: string) => boolean;
  /** Starts an execution of the sync machine, unless the name is in use. */
  readonly startSync: (name: string, input: string) => void;
  /** Starts an execution of the rotation machine, unless the name is in use. */
  readonly startRotation: (name: string, input: string) => void;
  /** Lines of the notices about old checkouts. */
  readonly notices: string[];
  readonly now: () => number;
}

export type Perform = (payload: unknown) => Promise<unknown>;

/** The function folders of the steps. */
export type FolderOf<Steps extends Readonly<Record<string, { readonly folder: string }>>> =
  Steps[keyof Steps]['folder'];

/** The folder of any function except intake, which opens no lease itself. */
export type PlayedStep =
  | (typeof authenticateStep)['folder']
  | FolderOf<typeof syncSteps>
  | FolderOf<typeof checkoutSteps>
  | FolderOf<typeof rotateSteps>
  | FolderOf<typeof upkeepSteps>
  | FolderOf<typeof oldCheckoutsSteps>;

/** Claims of all processes, and the limits of one process. */
const withClaims = (claims: RemovableRecords, limits: RemovableRecords): RemovableRecords => {
  const holding = (key: string): RemovableRecords => (key.startsWith('claims/') ? claims : limits);
  return {
    read: (place) => holding(place.key).read(place),
    replace: (place, record, expected) => holding(place.key).replace(place, record, expected),
    list: (prefix) => holding(prefix).list(prefix),
    remove: (place, expected) => holding(place.key).remove(place, expected),
  };
};

/**
 * Creates the relay's steps and clients, whose outside calls go through the crashable process. Call it for each
 * invocation, so that no state survives a process.
 */
export const crashableSteps = (outside: Outside, crashable: CrashableProcess): Record<PlayedStep, Perform> => {
  const { config, manager, now } = outside;
  const secretsManager = crashable.secretsManager(connectInProcess(manager));
  const claims = crashable.removableRecords(outside.shared);
  const { vaultOf, providerOf, rulesOf, claimantOf } = createConnections({
    config,
    secretsManager,
    onSignOutFailure: () => {},
    onSignInRefused: async () => {},
    now,
    priority: 'fleet',
    limits: withClaims(claims, memorySharedRecords()),
    connectHttp: () => crashable.http(outside.http),
  });
  const stores = createStores({
    session: 'sdr',
    config,
    encryptionKey: undefined,
    priority: 'fleet',
    limits: memorySharedRecords(),
    types: {
      'aws-secrets-manager': async () => ({
        ...awsSecretsManager,
        pacing: () => undefined,
        connect: (_, { owner }) => createAwsSecretsManagerStore({ client: secretsManager, owner }),
      }),
      ...outside.otherStores.typesFor(crashable),
    },
  });
  const records = crashable.records(outside.records);
  const signals = crashable.signals(outside.signals);
  const notify = () => crashable.call(async () => {});
  const pages = { write: () => crashable.call(async () => {}) };
  const shared = {
    relayId: RELAY_ID,
    config,
    vaultOf,
    providerOf,
    rulesOf,
    storeFor: (store: string, rule: string) => stores.storeOf(store, ownerOf(RELAY_ID, rule)),
    storeRules: stores.rulesOf,
    placeOf: stores.placeOf,
    pacingOf: stores.pacingOf,
    openBatches: memoryOpenBatches(),
    calls: () => NO_CALLS,
    records,
    turns: crashable.sharedRecords(outside.shared),
    measure: async () => {},
    now,
  };
  const listSyncs = () =>
    crashable.call(async () =>
      outside.executions.filter(({ machine, isRunning, isListed }) => machine === 'sync' && isRunning && isListed),
    );
  const executionsOf = (workflow: Machine) => ({
    start: (name: string, input: string) =>
      crashable.call(async () => {
        if (workflow === 'sync') outside.startSync(name, input);
        else if (workflow === 'rotate') outside.startRotation(name, input);
        else throw new Error(`No step starts the machine ${workflow}.`);
        return true;
      }),
    find: (run: string) =>
      crashable.call(async () => {
        const found = outside.executions.findLast(({ machine, name }) => machine === workflow && name === run);
        return found && { input: found.input, endedAt: found.endedAt };
      }),
  });
  const endedAt = createEndedAt(executionsOf);

  const authenticate = createAuthenticate(shared);
  const plan = createPlan({
    ...shared,
    readNamed: createReadNamed(records, signals),
    hasEarlierRun: async ({ rule, run }) => isAfterAnother(rule, run, await listSyncs()),
  });
  const request = createRequest(shared);
  const retrieve = createRetrieve(shared);
  const checkin = createCheckIn(shared);
  const report = createReport({ ...shared, pages, notify });
  const reap = createReap({
    ...shared,
    connections: createReapedConnections({
      ...{ config, vaultOf, claimantOf },
      claimants: (onUnreadable) => readClaimants(claims, onUnreadable),
    }),
    endedAt,
    closeAbandoned: createCloseAbandoned({
      signals,
      endedAt,
      startRelease: createStartRelease(
        { start: (name, input) => crashable.call(async () => outside.startRelease(name, input)) },
        signals,
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
    ...crashableCheckoutSteps({
      ...shared,
      claims: crashable.claims(outside.claims),
      signals,
      pages,
      notify,
      executionsOf,
    }),
    ...crashableRotationSteps({
      ...shared,
      shared: crashable.sharedRecords(outside.shared),
      signals,
      executionsOf,
      notify,
    }),
    'upkeep/reap': () => reap(),
    'upkeep/old-checkouts': crashableOldCheckouts({
      ...shared,
      claimantOf,
      shared: claims,
      pages,
      notify: (_subject, lines) => crashable.call(async () => void outside.notices.push(...lines)),
    }),
  };
};

import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as z from 'zod';
import { type CallSite, Faults, toError } from '../faults.ts';
import type { Need } from '../permissions/evaluate.ts';
import { ServiceError } from '../service-error.ts';
import {
  createSecret,
  deleteSecret,
  describeSecret,
  restoreSecret,
  tagResource,
  untagResource,
  updateSecret,
} from './actions.ts';
import { httpAdapter } from './http.ts';
import { pageOfSecrets } from './list-actions.ts';
import { needsOf } from './needs.ts';
import { removeRegionsFromReplication, replicateSecretToRegions } from './replicas.ts';
import { parseRequest, requests } from './requests.ts';
import { State } from './state.ts';
import {
  batchGetSecretValue,
  getSecretValue,
  listSecretVersionIds,
  putSecretValue,
  updateSecretVersionStage,
} from './version-actions.ts';
import { CURRENT } from './versions.ts';

export interface SecretsManagerOptions {
  /** Milliseconds since the epoch. Default: the wall clock. */
  readonly now?: () => number;
  /** Region and account of calls that come without a signature. */
  readonly region?: string;
  readonly accountId?: string;
  /** Returns the account of a caller. Default: the same for all. */
  readonly accountOf?: (caller: string) => string;
  /** Delay of ListSecrets. AWS documents up to five minutes. */
  readonly listLagMs?: number;
  /** Duration of a replication to another region. */
  readonly replicationMs?: number;
  /** Returns the reason for denying a call. Default: every call is allowed. */
  readonly check?: (caller: string, needs: readonly Need[]) => string | undefined;
}

/** One completed call. Never contains a value. */
interface Call extends CallSite {
  readonly at: number;
  /** `ok`, an error code, or `ConnectionLost`. */
  readonly result: string;
}

export interface SecretsManager {
  /**
   * Performs an action and returns the body of the response. Throws a ServiceError, or ConnectionLost if a fault breaks
   * the connection.
   */
  handle(action: string, body: unknown, caller?: string, region?: string): Record<string, unknown>;
  /** Serves the JSON 1.1 protocol: `x-amz-target: secretsmanager.<Action>`. */
  readonly http: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly faults: Faults;
  /** All calls since the start or the last {@link SecretsManager.forgetCalls}. */
  readonly calls: readonly Call[];
  /** Number of calls of each action. */
  callCounts(): Record<string, number>;
  forgetCalls(): void;
  /** Version ids to which AWSCURRENT has moved, oldest first. */
  promotions(name: string): readonly string[];
  /**
   * Current values of all secrets that have one, by default of the account and region of the server. Binary values are
   * in base64. For tests and the sandbox.
   */
  currentValues(accountId?: string, region?: string): Record<string, string>;
}

const DEFAULTS = { now: Date.now, region: 'eu-central-1', accountId: '000000000000', listLagMs: 0, replicationMs: 0 };

/** An in-memory Secrets Manager that follows AWS's documentation. Accounts and regions have secrets of their own. */
export const createSecretsManager = (options: SecretsManagerOptions = {}): SecretsManager => {
  const defaults = { ...DEFAULTS, ...options };
  const states = new Map<string, State>();
  const stateOf = (accountId: string, region: string): State => {
    const key = `${accountId}/${region}`;
    const known = states.get(key);
    if (known !== undefined) return known;
    const made = new State({ ...defaults, accountId, region }, (other) => stateOf(accountId, other));
    states.set(key, made);
    return made;
  };
  const state = stateOf(defaults.accountId, defaults.region);
  const faults = new Faults();
  const calls: Call[] = [];

  const perform = (site: CallSite, body: unknown, at: State): Record<string, unknown> => {
    const fault = faults.take(site);
    if (fault !== undefined && fault.when !== 'after') throw toError(fault, site);
    const action = ACTIONS.get(site.action);
    if (action === undefined) throw unknownAction(site.action);
    const denial = site.caller && options.check?.(site.caller, needsOf(at, site.action, body));
    if (denial) throw new ServiceError('AccessDeniedException', denial);
    const answer = action(at, body);
    if (fault !== undefined) throw toError(fault, site);
    return answer;
  };

  const handle = (action: string, body: unknown, caller?: string, region?: string): Record<string, unknown> => {
    const account = caller === undefined ? undefined : options.accountOf?.(caller);
    const at = stateOf(account ?? defaults.accountId, region ?? defaults.region);
    const site = { action, caller, secretId: secretIdOf(body) };
    const record = (result: string) => calls.push({ ...site, result, at: state.options.now() });
    try {
      const answer = perform(site, body, at);
      record('ok');
      return answer;
    } catch (thrown) {
      record(thrown instanceof ServiceError ? thrown.code : 'ConnectionLost');
      throw thrown;
    }
  };

  return {
    handle,
    http: httpAdapter(handle),
    faults,
    calls,
    callCounts: () => countBy(calls, (call) => call.action),
    forgetCalls: () => void calls.splice(0),
    promotions: (name) => state.find(name).promotions,
    currentValues: (accountId = defaults.accountId, region = defaults.region) =>
      currentValues(stateOf(accountId, region)),
  };
};

type Action = (state: State, body: unknown) => Record<string, unknown>;

const bind =
  <Schema extends z.ZodType>(
    schema: Schema,
    run: (state: State, input: z.output<Schema>) => Record<string, unknown>,
  ): Action =>
  (state, body) =>
    run(state, parseRequest(schema, body));

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['CreateSecret', bind(requests.CreateSecret, createSecret)],
  ['UpdateSecret', bind(requests.UpdateSecret, updateSecret)],
  ['DescribeSecret', bind(requests.DescribeSecret, describeSecret)],
  ['DeleteSecret', bind(requests.DeleteSecret, deleteSecret)],
  ['RestoreSecret', bind(requests.RestoreSecret, restoreSecret)],
  ['TagResource', bind(requests.TagResource, tagResource)],
  ['UntagResource', bind(requests.UntagResource, untagResource)],
  ['PutSecretValue', bind(requests.PutSecretValue, putSecretValue)],
  ['GetSecretValue', bind(requests.GetSecretValue, getSecretValue)],
  ['BatchGetSecretValue', bind(requests.BatchGetSecretValue, batchGetSecretValue)],
  ['ListSecrets', bind(requests.ListSecrets, pageOfSecrets)],
  ['ListSecretVersionIds', bind(requests.ListSecretVersionIds, listSecretVersionIds)],
  ['UpdateSecretVersionStage', bind(requests.UpdateSecretVersionStage, updateSecretVersionStage)],
  ['ReplicateSecretToRegions', bind(requests.ReplicateSecretToRegions, replicateSecretToRegions)],
  ['RemoveRegionsFromReplication', bind(requests.RemoveRegionsFromReplication, removeRegionsFromReplication)],
]);

const unknownAction = (action: string) =>
  new ServiceError('UnknownOperationException', `The local Secrets Manager does not support the action ${action}.`);

const secretIdOf = (body: unknown): string | undefined => {
  if (typeof body !== 'object' || body === null) return undefined;
  const given = 'SecretId' in body ? body.SecretId : 'Name' in body ? body.Name : undefined;
  return typeof given === 'string' ? given : undefined;
};

const currentValues = (state: State): Record<string, string> =>
  Object.fromEntries(
    [...state.secrets()].flatMap((secret) => {
      const content = secret.holders.get(CURRENT)?.content;
      const value = content?.SecretString ?? content?.SecretBinary;
      return value === undefined ? [] : [[secret.name, value]];
    }),
  );

const countBy = <Item>(items: readonly Item[], key: (item: Item) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
};

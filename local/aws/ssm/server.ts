import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as z from 'zod';
import { type CallSite, Faults, toError } from '../faults.ts';
import { httpAdapter } from '../json-protocol.ts';
import type { Need } from '../permissions/evaluate.ts';
import { ServiceError } from '../service-error.ts';
import {
  addTagsToResource,
  deleteParameter,
  describeParameters,
  getParameter,
  getParameterHistory,
  listTagsForResource,
  putParameter,
} from './actions.ts';
import { needsOf } from './needs.ts';
import { parseRequest, requests } from './requests.ts';
import { currentOf, State } from './state.ts';

export interface ParameterStoreOptions {
  /** Milliseconds since the epoch. Default: the wall clock. */
  readonly now?: () => number;
  readonly region?: string;
  readonly accountId?: string;
  /** Returns the reason for denying a call. Default: every call is allowed. */
  readonly check?: (caller: string, needs: readonly Need[]) => string | undefined;
}

/** One completed call. Never contains a value. */
interface Call extends CallSite {
  /** `ok`, an error code, or `ConnectionLost`. */
  readonly result: string;
}

export interface ParameterStore {
  /**
   * Performs an action and returns the body of the response. Throws a ServiceError, or ConnectionLost if a fault breaks
   * the connection.
   */
  handle(action: string, body: unknown, caller?: string): Record<string, unknown>;
  /** Serves the JSON 1.1 protocol: `x-amz-target: AmazonSSM.<Action>`. */
  readonly http: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly faults: Faults;
  /** All calls since the start. */
  readonly calls: readonly Call[];
  /** Number of calls of each action. */
  callCounts(): Record<string, number>;
  /** Current values of all parameters. For tests and the sandbox. */
  currentValues(): Record<string, string>;
}

const DEFAULTS = { now: Date.now, region: 'eu-central-1', accountId: '000000000000' };

/** An in-memory Parameter Store that follows AWS's documentation. */
export const createParameterStore = (options: ParameterStoreOptions = {}): ParameterStore => {
  const state = new State({ ...DEFAULTS, ...options });
  const actions = bindActions(state);
  const faults = new Faults();
  const calls: Call[] = [];

  const perform = (site: CallSite, body: unknown): Record<string, unknown> => {
    const fault = faults.take(site);
    if (fault !== undefined && fault.when !== 'after') throw toError(fault, site, 'ssm');
    const action = actions.get(site.action);
    if (action === undefined) throw unknownAction(site.action);
    const denial = site.caller && options.check?.(site.caller, needsOf(state, site.action, body));
    if (denial) throw new ServiceError('AccessDeniedException', denial);
    const answer = action(body, site.caller ?? 'anonymous');
    if (fault !== undefined) throw toError(fault, site, 'ssm');
    return answer;
  };

  const handle = (action: string, body: unknown, caller?: string): Record<string, unknown> => {
    const site = { action, caller, secretId: nameIn(body) };
    const record = (result: string) => calls.push({ ...site, result });
    try {
      const answer = perform(site, body);
      record('ok');
      return answer;
    } catch (thrown) {
      record(thrown instanceof ServiceError ? thrown.code : 'ConnectionLost');
      throw thrown;
    }
  };

  return {
    handle,
    http: httpAdapter('AmazonSSM', handle),
    faults,
    calls,
    callCounts: () =>
      Object.fromEntries([...Map.groupBy(calls, ({ action }) => action)].map(([action, all]) => [action, all.length])),
    currentValues: () =>
      Object.fromEntries(state.parameters().map((parameter) => [parameter.name, currentOf(parameter).value])),
  };
};

type Action = (body: unknown, caller: string) => Record<string, unknown>;

const bindActions = (state: State): ReadonlyMap<string, Action> => {
  const bind =
    <Schema extends z.ZodType>(
      schema: Schema,
      run: (state: State, input: z.output<Schema>, caller: string) => Record<string, unknown>,
    ): Action =>
    (body, caller) =>
      run(state, parseRequest(schema, body), caller);
  return new Map([
    ['PutParameter', bind(requests.PutParameter, putParameter)],
    ['GetParameter', bind(requests.GetParameter, getParameter)],
    ['GetParameterHistory', bind(requests.GetParameterHistory, getParameterHistory)],
    ['DescribeParameters', bind(requests.DescribeParameters, describeParameters)],
    ['DeleteParameter', bind(requests.DeleteParameter, deleteParameter)],
    ['AddTagsToResource', bind(requests.AddTagsToResource, addTagsToResource)],
    ['ListTagsForResource', bind(requests.ListTagsForResource, listTagsForResource)],
  ]);
};

const unknownAction = (action: string) =>
  new ServiceError('UnknownOperationException', `The local Parameter Store does not support the action ${action}.`);

const nameIn = (body: unknown): string | undefined => {
  if (typeof body !== 'object' || body === null) return undefined;
  const given = 'Name' in body ? body.Name : 'ResourceId' in body ? body.ResourceId : undefined;
  return typeof given === 'string' ? given : undefined;
};

import * as z from 'zod';
import { refuse, type Service, sendJson } from '../server.ts';
import { ApiFault } from './faults.ts';
import type { Execution, StepFunctions } from './step-functions.ts';

/** The actions of the Step Functions API that local mode supports, in the SDK's format. */

const paging = { maxResults: z.int().min(0).max(1000).default(100), nextToken: z.string().optional() };
const onExecution = z.strictObject({ executionArn: z.string() });

const requests = {
  StartExecution: z.strictObject({
    stateMachineArn: z.string(),
    input: z.string().default('{}'),
    name: z.string().optional(),
  }),
  DescribeExecution: onExecution,
  StopExecution: onExecution.extend({ error: z.string().optional(), cause: z.string().optional() }),
  ListExecutions: z.strictObject({
    stateMachineArn: z.string(),
    statusFilter: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']).optional(),
    ...paging,
  }),
  GetExecutionHistory: onExecution.extend({
    ...paging,
    reverseOrder: z.boolean().default(false),
    includeExecutionData: z.boolean().optional(),
  }),
};

/** Step Functions over HTTP: JSON 1.0 with the action in a header. */
export const createStepFunctionsApi = (stepFunctions: StepFunctions): Service => {
  const perform = createActions(stepFunctions);
  return async (_request, response, { action, body }) => {
    try {
      sendJson(response, 200, perform(action, JSON.parse(await body())));
    } catch (thrown) {
      if (!(thrown instanceof ApiFault)) throw thrown;
      refuse(response, 400, thrown.name, thrown.message);
    }
  };
};

const createActions = (stepFunctions: StepFunctions) => {
  const actions: Record<string, (body: unknown) => unknown> = {
    StartExecution(body) {
      const { stateMachineArn, input, name } = parse(requests.StartExecution, body);
      const execution = stepFunctions.start(stateMachineArn, input, name);
      return { executionArn: execution.arn, startDate: execution.startedAt / 1000 };
    },
    DescribeExecution(body) {
      const execution = stepFunctions.get(parse(requests.DescribeExecution, body).executionArn);
      const { ending } = execution;
      return {
        ...summary(execution),
        input: execution.input,
        ...(ending?.status === 'SUCCEEDED' && { output: ending.output }),
        ...(ending?.status === 'FAILED' && { error: ending.error, cause: ending.cause }),
      };
    },
    StopExecution(body) {
      const execution = stepFunctions.stop(parse(requests.StopExecution, body).executionArn);
      return { stopDate: (execution.stoppedAt ?? execution.startedAt) / 1000 };
    },
    ListExecutions(body) {
      const { stateMachineArn, statusFilter, ...page } = parse(requests.ListExecutions, body);
      const all = stepFunctions.list(stateMachineArn);
      const wanted = all.filter(({ status }) => statusFilter === undefined || status === statusFilter);
      const { items, nextToken } = pageOf(wanted, page);
      return { executions: items.map(summary), nextToken };
    },
    GetExecutionHistory(body) {
      const { executionArn, reverseOrder, ...page } = parse(requests.GetExecutionHistory, body);
      const events = stepFunctions.history(executionArn);
      const { items, nextToken } = pageOf(reverseOrder ? events.toReversed() : events, page);
      return { events: items, nextToken };
    },
  };
  return (action: string, body: unknown): unknown => {
    const known = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (known === undefined) throw new ApiFault('UnknownOperationException', `Local mode does not support ${action}.`);
    return known(body);
  };
};

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiFault('ValidationException', z.prettifyError(parsed.error));
  return parsed.data;
};

const summary = (execution: Execution) => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machineArn,
  name: execution.name,
  status: execution.status,
  startDate: execution.startedAt / 1000,
  ...(execution.stoppedAt !== undefined && { stopDate: execution.stoppedAt / 1000 }),
});

interface Page {
  readonly maxResults: number;
  readonly nextToken?: string | undefined;
}

const pageOf = <T>(all: readonly T[], { maxResults, nextToken }: Page) => {
  const from = nextToken === undefined ? 0 : Number(nextToken);
  if (!Number.isInteger(from)) throw new ApiFault('InvalidToken', 'The nextToken is invalid.');
  // As on AWS, zero means the default.
  const to = from + (maxResults === 0 ? 100 : maxResults);
  return { items: all.slice(from, to), nextToken: to < all.length ? String(to) : undefined };
};

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Functions } from './functions/functions.ts';
import type { InvocationResult } from './functions/protocol.ts';
import type { Execution, StepFunctions } from './step-functions/step-functions.ts';
import { arnOf, type Resource } from './template/template.ts';

/** Result of a fired schedule. */
type Started =
  | { readonly kind: 'execution'; readonly execution: Execution }
  | { readonly kind: 'invocation'; readonly result: InvocationResult };

export interface Scheduler {
  readonly schedules: readonly Schedule[];
  /** Fires a schedule like EventBridge Scheduler: replaces the context attributes and calls the target. */
  fire(name: string, scheduledAt: number): Promise<Started>;
}

interface Schedule {
  readonly name: string;
  readonly arn: string;
  /** `rate(…)` or `cron(…)`. */
  readonly expression: string;
  readonly target: { readonly arn: string; readonly input: string };
}

// Also lists properties without effect on one machine, so that unknown ones are rejected.
const propertiesSchema = z.strictObject({
  Name: z.string().optional(),
  GroupName: z.string().optional(),
  Description: z.string().optional(),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().optional(),
  FlexibleTimeWindow: z.object({ Mode: z.enum(['OFF', 'FLEXIBLE']) }),
  // Must be an ARN, unlike in other services. Source: EventBridge Scheduler API reference.
  KmsKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)\/[\w/-]+$/)
    .optional(),
  State: z.literal('ENABLED').optional(),
  Target: z.strictObject({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().default('{}'),
    RetryPolicy: z.unknown().optional(),
    DeadLetterConfig: z.unknown().optional(),
  }),
});

export const START_EXECUTION = 'arn:aws:scheduler:::aws-sdk:sfn:startExecution';
/** The call of a schedule with the target `START_EXECUTION`. */
export const startExecutionSchema = z.strictObject({
  StateMachineArn: z.string(),
  Name: z.string(),
  Input: z.string(),
});

export const createScheduler = (
  resources: readonly Resource[],
  functions: Pick<Functions, 'has' | 'invoke'>,
  stepFunctions: Pick<StepFunctions, 'start'>,
): Scheduler => {
  const schedules = resources.map(toSchedule);
  for (const { name, target } of schedules) {
    if (target.arn !== START_EXECUTION && !functions.has(target.arn)) {
      throw new Error(`Schedule ${name} calls ${target.arn}, which local mode does not support.`);
    }
  }
  return {
    schedules,
    async fire(name, scheduledAt) {
      const schedule = schedules.find((one) => one.name === name);
      if (schedule === undefined) throw new Error(`The template has no schedule ${name}.`);
      const { arn, input: inputTemplate } = schedule.target;
      const input = fillIn(inputTemplate, schedule.arn, scheduledAt);
      if (arn !== START_EXECUTION) return { kind: 'invocation', result: await functions.invoke(arn, input) };
      const request = startExecutionSchema.parse(JSON.parse(input));
      const execution = stepFunctions.start(request.StateMachineArn, request.Input, request.Name);
      return { kind: 'execution', execution };
    },
  };
};

const toSchedule = (resource: Resource): Schedule => {
  const { ScheduleExpression, Target } = propertiesSchema.parse(resource.properties);
  return {
    name: resource.identity.name,
    arn: arnOf(resource),
    expression: ScheduleExpression,
    target: { arn: Target.Arn, input: Target.Input },
  };
};

/**
 * Replaces the context attributes of EventBridge Scheduler anywhere in the input. Source: EventBridge Scheduler user
 * guide, "Adding context attributes".
 */
export const fillIn = (input: string, scheduleArn: string, scheduledAt: number): string => {
  const attributes: Record<string, string> = {
    'schedule-arn': scheduleArn,
    // AWS omits the milliseconds.
    'scheduled-time': new Date(scheduledAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  return input.replace(/<aws\.scheduler\.([\w-]+)>/g, (whole, name: string) => {
    const value = attributes[name];
    if (value === undefined) throw new Error(`EventBridge Scheduler has no context attribute ${whole}.`);
    return value;
  });
};

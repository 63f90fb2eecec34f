import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './environment.ts';
import type { Queues } from './queues.ts';
import { arnOf, type Resource, type Template } from './template/template.ts';

/** An event, without the fields that the bus adds. */
interface AwsEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Default: the account and region of the stack. */
  readonly account?: string;
  readonly region?: string;
  /** Epoch milliseconds. Default: now. */
  readonly at?: number;
}

/** The default event bus of EventBridge. */
export interface EventBus {
  /** Delivers an event of an AWS service to the queues whose rules match. Returns the number of deliveries. */
  put(event: AwsEvent): Promise<number>;
}

/** Alternatives for one text. All other matching of EventBridge is unsupported, and therefore rejected. */
const texts = z.array(z.string()).min(1);

// Also lists properties without effect on one machine, so that unknown ones are rejected.
const ruleSchema = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  State: z.literal('ENABLED').optional(),
  EventPattern: z.strictObject({
    source: texts,
    'detail-type': texts,
    detail: z.strictObject({ state: texts }),
  }),
  Targets: z
    .array(z.strictObject({ Id: z.string(), Arn: z.string(), DeadLetterConfig: z.strictObject({ Arn: z.string() }) }))
    .min(1),
});

/** @throws for anything in a rule that local mode does not support, and for a target that is not a queue. */
export const createEventBus = (template: Template, queues: Pick<Queues, 'sendAs'>, now: () => number): EventBus => {
  const rules = template.ofType('AWS::Events::Rule').map((resource) => toRule(resource, template));
  return {
    async put({ source, detailType, detail, account = LOCAL_ACCOUNT, region = LOCAL_REGION, at = now() }) {
      const body = JSON.stringify({
        version: '0',
        id: randomUUID(),
        'detail-type': detailType,
        source,
        account,
        // EventBridge writes no milliseconds.
        time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
        region,
        resources: [],
        detail,
      });
      const matching = rules.filter(
        ({ pattern }) =>
          pattern.source.includes(source) &&
          pattern['detail-type'].includes(detailType) &&
          typeof detail['state'] === 'string' &&
          pattern.detail.state.includes(detail['state']),
      );
      const targets = matching.flatMap(({ queueNames }) => queueNames);
      for (const queueName of targets) await queues.sendAs('events.amazonaws.com', queueName, body);
      return targets.length;
    },
  };
};

const toRule = (resource: Resource, template: Template) => {
  const { EventPattern: pattern, Targets } = ruleSchema.parse(resource.properties);
  const queues = template.ofType('AWS::SQS::Queue');
  const queueNames = Targets.map(({ Arn }) => {
    const queue = queues.find((one) => arnOf(one) === Arn);
    if (queue === undefined)
      throw new Error(`${resource.logicalId} calls ${Arn}, which is not a queue of the template.`);
    return queue.identity.name;
  });
  return { pattern, queueNames };
};

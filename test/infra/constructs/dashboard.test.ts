import { expect, it } from 'vitest';
import { z } from 'zod';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import { RelayMetrics } from '#infra/constructs/metrics.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { asText, FULL, loadExample, synthesise } from '../synthesis.ts';

const bodySchema = z.object({ widgets: z.array(z.object({ properties: z.looseObject({ title: z.string() }) })) });

const widgetsOf = (config: RelayConfig): Readonly<Record<string, string>> => {
  const [dashboard] = Object.values(synthesise(config).template.findResources('AWS::CloudWatch::Dashboard'));
  const { widgets } = bodySchema.parse(JSON.parse(asText(dashboard?.['Properties'].DashboardBody)));
  return Object.fromEntries(widgets.map(({ properties }) => [properties.title, JSON.stringify(properties)]));
};

const MESSAGES = 'Messages, and the age of the oldest in seconds';

it('a dashboard shows the outcomes of messages, and of the checkouts of each rule', () => {
  const widgets = widgetsOf(loadExample('tickets.yaml'));
  for (const metric of ['MessagesHandled', 'MessagesRefused', 'ApproximateAgeOfOldestMessage']) {
    expect(widgets[MESSAGES]).toContain(metric);
  }
  for (const metric of ['CheckoutsOver', 'CheckoutsFailed', 'ChangesUnconfirmed']) {
    expect(widgets['Checkouts']).toContain(`changes: ${metric}`);
    expect(widgets['Checkouts']).toContain(`consoles: ${metric}`);
  }
  expect(widgets).not.toHaveProperty('Runs');
});

it('a dashboard omits messages and checkouts for a relay without them', () => {
  const { intake: _, ...rest } = loadExample(FULL);
  const config = { ...rest, checkouts: {}, rotations: {}, provisioning: {}, directories: {} };
  const titles = Object.keys(widgetsOf(config));
  expect(titles).toContain('Runs');
  expect(titles).not.toContain(MESSAGES);
  expect(titles).not.toContain('Checkouts');
  expect(Object.keys(widgetsOf({ ...config, intake: { senders: [], concurrency: 5 } }))).toContain(MESSAGES);
});

it('a dashboard shows the duration and the errors of every function of the stack', () => {
  const config = loadExample(FULL);
  const functions = synthesise(config).template.findResources('AWS::Lambda::Function');
  const widgets = widgetsOf(config);
  const ids = Object.keys(functions).filter((id) => !id.startsWith('Custom'));
  expect(ids.length).toBeGreaterThanOrEqual(10);
  for (const id of ids) {
    expect(widgets['Longest invocation of each function']).toContain(`<${id}>`);
    expect(widgets['Errors of each function']).toContain(`<${id}>`);
  }
});

it('a graph of more metrics than one widget may have becomes several', () => {
  const metrics = new RelayMetrics('a relay');
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => metrics.ofSync(`sync-${index}`, 'Failed'));
  expect([0, 1, 500, 501, 1001].map((count) => graphsOf('Runs', many(count)).length)).toEqual([0, 1, 1, 2, 3]);
});

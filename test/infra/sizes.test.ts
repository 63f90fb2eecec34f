import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { checkSizes, estimateTemplate, MAX_RESOURCES, MAX_TEMPLATE_BYTES } from '#shared/config/size-checks.ts';
import { MACHINES } from '#shared/workflows/grants.ts';
import { LONGEST, MAX_ATTACHED, MAX_INLINE, MAX_MANAGED } from '#shared/workflows/role-policies.ts';
import { asText, FULL, loadExample, machineOf, synthesise } from './synthesis.ts';

const LONGEST_NAME = 31;

const copies = <T extends { readonly name: string }>(
  rule: T | undefined,
  word: string,
  count: number,
  folder: number,
) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      if (rule === undefined) throw new Error('The example has no such rule.');
      const unique = `${word}-${index}`.padEnd(LONGEST_NAME, 'x');
      return [unique, { ...rule, name: rule.name.replace(/^[^/]+/, unique.padEnd(folder, 'x')) }];
    }),
  );

const full = loadExample(FULL);
/** Close to the limit of policies for one role, and beyond that of alarms for one widget. */
const largest: RelayConfig = {
  ...full,
  relay: 'r'.repeat(LONGEST_NAME),
  syncs: copies(full.syncs['databases'], 'sync', 39, 190),
  checkouts: copies(full.checkouts['changes'], 'checkout', 15, 190),
};

const relay = (what: string, config: RelayConfig) => ({ what, config, ...synthesise(config) });
const closeToLimits = relay('a configuration close to the limits', largest);
const relays = [relay('the smallest example', loadExample('minimal.yaml')), closeToLimits];

const resourcesOf = (template: Template, type: string) => Object.entries(template.findResources(type));

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** A text as deployed, with the longest values that its references can have. */
const deployed = (value: unknown): string =>
  asText(value)
    .replaceAll('<AWS::Partition>', LONGEST.partition)
    .replaceAll('<AWS::Region>', LONGEST.region)
    .replaceAll('<AWS::AccountId>', LONGEST.account)
    .replaceAll(/<\w+(\.\w+)?>/g, LONGEST.arn);

const deployedDeep = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(deployedDeep);
  if (typeof value !== 'object' || value === null) return value;
  if ('Fn::Join' in value || 'Ref' in value || 'Fn::GetAtt' in value) return deployed(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, deployedDeep(inner)]));
};

const policySchema = z.object({
  Properties: z.object({ PolicyDocument: z.unknown(), Roles: z.tuple([z.object({ Ref: z.string() })]) }),
});

/** Characters of the policies of each role, as IAM counts them. */
const sizesOf = (template: Template, type: string): ReadonlyMap<string, readonly number[]> => {
  const policies = resourcesOf(template, type).map(([, policy]) => policySchema.parse(policy).Properties);
  return new Map(
    [...Map.groupBy(policies, ({ Roles: [{ Ref }] }) => Ref)].map(([role, its]) => [
      role,
      its.map(({ PolicyDocument }) => bytesOf(deployedDeep(PolicyDocument))),
    ]),
  );
};

describe.each(relays)('the stack of $what', ({ app, stack, config, template }) => {
  const json = template.toJSON();

  it('is accepted by the loader, whose estimates are not too low and not far too high', () => {
    expect(checkSizes(config, REGISTERED_TYPES)).toEqual([]);
    const { resources, bytes } = estimateTemplate(config, REGISTERED_TYPES);
    // A deployment also has the metadata of CDK.
    expect(resources).toBe(Object.keys(json['Resources']).length + 1);
    expect(resources).toBeLessThanOrEqual(MAX_RESOURCES);
    const written = statSync(join(app.outdir, stack.templateFile)).size;
    expect(bytes).toBeGreaterThan(written);
    expect(bytes).toBeLessThan(written * 1.3);
    expect(bytes).toBeLessThanOrEqual(MAX_TEMPLATE_BYTES);
  });

  it('has policies within the sizes of IAM', () => {
    for (const [role, sizes] of sizesOf(template, 'AWS::IAM::Policy')) {
      expect(
        sizes.reduce((sum, size) => sum + size),
        role,
      ).toBeLessThanOrEqual(MAX_INLINE);
    }
    for (const [role, sizes] of sizesOf(template, 'AWS::IAM::ManagedPolicy')) {
      expect(sizes.length, role).toBeLessThanOrEqual(MAX_ATTACHED);
      expect(Math.max(...sizes), role).toBeLessThanOrEqual(MAX_MANAGED);
    }
  });

  it('has few outputs and no parameters that a configuration can multiply', () => {
    expect(Object.keys(json['Outputs']).length).toBeLessThan(20);
    expect(Object.keys(json['Parameters'] ?? {}).length).toBeLessThan(5);
  });

  it('has definitions and environment variables of a fixed size', () => {
    for (const machine of MACHINES.slice(0, resourcesOf(template, 'AWS::StepFunctions::StateMachine').length)) {
      expect(bytesOf(machineOf(template, machine))).toBeLessThan(100_000);
    }
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(bytesOf(deployedDeep(Properties.Environment?.Variables ?? {})), id).toBeLessThan(4096);
    }
  });

  it('has a dashboard within the limits of its widgets', () => {
    const [[, dashboard] = []] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
    const { widgets }: { widgets: { properties: { alarms?: unknown[]; metrics?: unknown[] } }[] } = JSON.parse(
      asText(dashboard?.['Properties'].DashboardBody),
    );
    for (const { properties } of widgets) {
      expect(properties.alarms?.length ?? 0).toBeLessThanOrEqual(100);
      expect(properties.metrics?.length ?? 0).toBeLessThanOrEqual(500);
    }
    expect(widgets.flatMap(({ properties }) => properties.metrics ?? []).length).toBeLessThanOrEqual(2500);
    expect(widgets.flatMap(({ properties }) => properties.alarms ?? []).length).toBe(
      resourcesOf(template, 'AWS::CloudWatch::Alarm').length,
    );
  });
});

describe('the managed policies of a large configuration', () => {
  const { app, stack, template } = closeToLimits;

  it('pass cdk-nag', () => {
    expect(new AwsSolutionsChecks(app).validateScope(stack).violations).toEqual([]);
  });

  it('exist before the functions that need them', () => {
    const policies = resourcesOf(template, 'AWS::IAM::ManagedPolicy').map(([id]) => id);
    const waits = resourcesOf(template, 'AWS::Lambda::Function').flatMap(
      ([, { DependsOn }]): string[] => DependsOn ?? [],
    );
    expect(policies.length).toBeGreaterThan(8);
    expect(waits).toEqual(expect.arrayContaining(policies));
  });
});

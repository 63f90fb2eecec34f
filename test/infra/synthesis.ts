import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aspects, type IAspect } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { definitionIn } from '#infra/definition.ts';
import { RelayStack } from '#infra/stack.ts';
import { STEPS } from '#infra/steps.ts';
import { parseConfig } from '#shared/config/load.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

/** A folder of bundles that are a line each: the stack doesn't look into them, and nothing has to be built. */
const makeBundles = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pam-relay-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const step of STEPS) {
    mkdirSync(join(folder, step));
    writeFileSync(join(folder, step, 'index.mjs'), `export const handler = async () => '${step}';\n`);
  }
  return folder;
};

const bundles = makeBundles();

export interface Synthesis {
  readonly app: App;
  readonly stack: RelayStack;
  readonly template: Template;
}

export const synthesise = (config: RelayConfig, ...aspects: readonly IAspect[]): Synthesis => {
  const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new RelayStack(app, config.relay, { config, bundles });
  for (const aspect of aspects) Aspects.of(stack).add(aspect);
  return { app, stack, template: Template.fromStack(stack) };
};

/** The configuration that most tests look at: OAuth, a store key, two syncs of which one is verified, own egress. */
export const FULL = 'full.yaml';
export const EXAMPLES = ['minimal.yaml', 'api-key.yaml', FULL] as const;

/** The CA that an example names is not in the repository; its place is kept by any certificate. */
export const loadExample = (name: string): RelayConfig =>
  parseConfig(readFileSync(join('examples', name), 'utf8').replace(/^ *ca: .*$/m, ''), { file: name });

const statementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.unknown(),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
export type Statement = z.output<typeof statementSchema>;
const documentSchema = z.object({ Statement: z.array(statementSchema) });
const policySchema = z.object({ Properties: z.object({ PolicyDocument: documentSchema }) });
const roleSchema = z.object({
  Properties: z.object({ Policies: z.array(z.object({ PolicyDocument: documentSchema })).default([]) }),
});

export const actionsOf = ({ Action }: Statement): string[] => [Action].flat();

/** All that the role of a function may do; the function by the name of its construct. */
export const statementsOf = (template: Template, fn: string): Statement[] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(`${fn}RoleDefaultPolicy`))
    .flatMap(([, policy]) => policySchema.parse(policy).Properties.PolicyDocument.Statement);

/** All that any role of the stack may do. */
export const allStatements = (template: Template): Statement[] => [
  ...Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => policySchema.parse(policy).Properties.PolicyDocument.Statement,
  ),
  ...Object.values(template.findResources('AWS::IAM::Role')).flatMap((role) =>
    roleSchema.parse(role).Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
  ),
];

/** References written as their names in angle brackets, joins joined. */
export const asText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) return value['Fn::Join'][1].map(asText).join('');
  if ('Ref' in value) return `<${value.Ref}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return `<${value['Fn::GetAtt'].join('.')}>`;
  return JSON.stringify(value);
};

export const resourcesOf = ({ Resource }: Statement): string[] => [Resource].flat().map(asText);

const waySchema = z.looseObject({ Next: z.string() });
const stateSchema = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  Default: z.string().optional(),
  TimeoutSeconds: z.int().optional(),
  Choices: z.array(waySchema).default([]),
  Catch: z.array(waySchema.extend({ ErrorEquals: z.array(z.string()) })).default([]),
  Retry: z.array(z.looseObject({ ErrorEquals: z.array(z.string()) })).default([]),
  get ItemProcessor() {
    return machineSchema.optional();
  },
});
export type StateDefinition = z.output<typeof stateSchema>;

const machineSchema = z.looseObject({
  StartAt: z.string(),
  TimeoutSeconds: z.int().optional(),
  States: z.record(z.string(), stateSchema),
});
export type MachineDefinition = z.output<typeof machineSchema>;

export const machineOf = (template: Template): MachineDefinition =>
  machineSchema.parse(definitionIn(template.toJSON()));

export const stateOf = ({ States }: MachineDefinition, name: string): StateDefinition => {
  const state = States[name];
  if (state === undefined) throw new Error(`There is no state ${name}.`);
  return state;
};

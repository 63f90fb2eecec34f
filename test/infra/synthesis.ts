import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aspects, type Environment, type IAspect } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { definitionIn } from '#infra/definition.ts';
import { RelayStack } from '#infra/stack.ts';
import { loadConfig } from '#shared/config/load.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import cdkJson from '../../cdk.json' with { type: 'json' };

/** A folder of one-line bundles. The stack does not read them, so nothing has to be built. */
const makeBundles = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pam-relay-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of ALL_STEPS.map(functionName)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), `export const handler = async () => '${name}';\n`);
  }
  return folder;
};

const bundles = makeBundles();

export interface Synthesis {
  readonly app: App;
  readonly stack: RelayStack;
  readonly template: Template;
}

export interface SynthesisOptions {
  readonly aspects?: readonly IAspect[];
  readonly types?: RegisteredTypes;
  /** Account and region of the stack. Default: CloudFormation chooses them. */
  readonly env?: Environment;
}

/** Configurations that were already synthesised without options. The files of a worker share them. */
const synthesised = new Map<string, Synthesis>();

/** Synthesises a configuration. The result is shared: a test must not change it. */
export const synthesise = (config: RelayConfig, options: SynthesisOptions = {}): Synthesis => {
  if (Object.keys(options).length > 0) return synthesiseAlone(config, options);
  const key = JSON.stringify(config);
  const known = synthesised.get(key) ?? synthesiseAlone(config, options);
  synthesised.set(key, known);
  return known;
};

const synthesiseAlone = (config: RelayConfig, { aspects = [], types, env }: SynthesisOptions): Synthesis => {
  const app = new App({ context: cdkJson.context, analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new RelayStack(app, config.relay, {
    config,
    bundles,
    ...(types !== undefined && { types }),
    ...(env !== undefined && { env }),
  });
  for (const aspect of aspects) Aspects.of(stack).add(aspect);
  return { app, stack, template: Template.fromStack(stack) };
};

/** The configuration of most tests: OAuth, a store key, two syncs (one verified), a network of its own. */
export const FULL = 'full.yaml';
export const EXAMPLES = ['minimal.yaml', 'api-key.yaml', FULL] as const;

export const loadExample = (name: string): RelayConfig => loadConfig(join('examples', name));

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

/** Permissions of the role of a function, given by the name of its construct, such as `SyncPlan`. */
export const statementsOf = (template: Template, fn: string): Statement[] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(`${fn}RoleDefaultPolicy`))
    .flatMap(([, policy]) => policySchema.parse(policy).Properties.PolicyDocument.Statement);

const attachedSchema = z.object({
  Properties: z.object({ PolicyDocument: documentSchema, Roles: z.array(z.object({ Ref: z.string() })) }),
});

/** Permissions of the role with this description, by its inline and its attached policies. */
export const roleStatements = (template: Template, description: string): Statement[] =>
  Object.entries(template.findResources('AWS::IAM::Role', { Properties: { Description: description } })).flatMap(
    ([id, role]) => [
      ...roleSchema.parse(role).Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
      ...Object.values(template.findResources('AWS::IAM::Policy'))
        .map((policy) => attachedSchema.parse(policy).Properties)
        .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === id))
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    ],
  );

/** Permissions of all roles of the stack. */
export const allStatements = (template: Template): Statement[] => [
  ...Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => policySchema.parse(policy).Properties.PolicyDocument.Statement,
  ),
  ...Object.values(template.findResources('AWS::IAM::Role')).flatMap((role) =>
    roleSchema.parse(role).Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
  ),
];

/** Renders references as their names in angle brackets, and resolves joins. */
export const asText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) return value['Fn::Join'][1].map(asText).join('');
  if ('Ref' in value) return `<${value.Ref}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return `<${value['Fn::GetAtt'].join('.')}>`;
  return JSON.stringify(value);
};

export const resourcesOf = ({ Resource }: Statement): string[] => [Resource].flat().map(asText);

/** Permissions of every function: logs, traces, and the network interfaces that Lambda creates with its role. */
const OF_EVERY_FUNCTION = /^(logs|xray|ec2):/;

const PLACE = /^arn:<AWS::Partition>:\w+:<AWS::Region>:<AWS::AccountId>:/;
const IDS = {
  key: /<Key\w{8}\.Arn>/,
  bucket: /<RecordsBucket\w{8}\.Arn>/,
  token: /<SignInTokenvault\w{8}>/,
  'pra token': /<SignInTokenprahygiene\w{8}>/,
  'people token': /<SignInTokenpeople\w{8}>/,
  'admin token': /<SignInTokenvaultadmin\w{8}>/,
  topic: /<AlertsTopic\w{8}>/,
  queue: /<IntakeQueue\w{8}\.Arn>/,
  refused: /<IntakeRefused\w{8}\.Arn>/,
  machines: /<MachinesQueue\w{8}\.Arn>/,
  'refused machines': /<MachinesRefused\w{8}\.Arn>/,
  tickets: /<TicketsQueue\w{8}\.Arn>/,
  'refused tickets': /<TicketsRefused\w{8}\.Arn>/,
  comments: /<CommentsQueue\w{8}\.Arn>/,
  'refused comments': /<CommentsRefused\w{8}\.Arn>/,
};
const shortened = (resource: string): string =>
  Object.entries(IDS).reduce((text, [name, id]) => text.replace(id, `<${name}>`), resource.replace(PLACE, ''));

const conditionOf = ({ Condition = {} }: Statement): string => {
  const { 'kms:ViaService': service, ...others } = Condition['StringEquals'] ?? {};
  if (service !== undefined) {
    const contexts = Object.values(others).map((value) => ` for ${shortened(asText(value))}`);
    return ` via ${asText(service).split('.')[0]}${contexts.join('')}`;
  }
  const texts = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => `${operator} ${key} ${[value].flat().map(asText)}`),
  );
  return texts.length === 0 ? '' : ` if ${texts.join(' and ')}`;
};

/**
 * Permissions of a function beyond those of every function, one line for each action on each resource, sorted:
 * `s3:GetObject <bucket>/runs/*`, `kms:Decrypt <key> via s3`, and with an encryption context
 * `kms:Decrypt <key> via states for stateMachine:pam-relay-prod-sync`.
 */
export const permissionsOf = (template: Template, fn: string): string[] => {
  const lines = statementsOf(template, fn).flatMap((statement) =>
    resourcesOf(statement).flatMap((resource) =>
      actionsOf(statement)
        .filter((action) => !OF_EVERY_FUNCTION.test(action))
        .map((action) => `${action} ${shortened(resource)}${conditionOf(statement)}`),
    ),
  );
  return [...new Set(lines)].toSorted();
};

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

export const machineOf = (template: Template, machine?: Machine): MachineDefinition =>
  machineSchema.parse(definitionIn(template.toJSON(), machine));

/** Every state of a machine with its name, including those inside its maps. */
export const allStates = ({ States }: MachineDefinition): [string, StateDefinition][] =>
  Object.entries(States).flatMap(([name, state]) => [
    [name, state],
    ...(state.ItemProcessor === undefined ? [] : allStates(state.ItemProcessor)),
  ]);

export const stateOf = ({ States }: MachineDefinition, name: string): StateDefinition => {
  const state = States[name];
  if (state === undefined) throw new Error(`The machine has no state ${name}.`);
  return state;
};

import * as z from 'zod';
import type { Machine } from '#shared/workflows/grants.ts';

/** A definition as CDK writes it into a template: text interspersed with references to resources. */
const machineSchema = z.object({
  Type: z.literal('AWS::StepFunctions::StateMachine'),
  Properties: z.object({
    StateMachineName: z.string(),
    DefinitionString: z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) }),
  }),
});
const functionSchema = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({ FunctionName: z.string() }),
});
const otherSchema = z.object({ Type: z.string() }).transform(() => undefined);

const templateSchema = z.object({
  Resources: z.record(z.string(), z.union([machineSchema, functionSchema, otherSchema])),
});
type Resources = z.output<typeof templateSchema>['Resources'];

/**
 * Returns the definition of a machine in a synthesised template, with each reference to a function replaced by
 * `arn:aws:lambda:::function:<name>`. Throws if the template has no such machine.
 */
export const definitionIn = (template: unknown, machine: Machine = 'sync'): unknown => {
  const { Resources: resources } = templateSchema.parse(template);
  const found = Object.values(resources).find(
    (resource) =>
      resource?.Type === 'AWS::StepFunctions::StateMachine' &&
      resource.Properties.StateMachineName.endsWith(`-${machine}`),
  );
  if (found?.Type !== 'AWS::StepFunctions::StateMachine') throw new Error(`The template has no machine ${machine}.`);
  const [, parts] = found.Properties.DefinitionString['Fn::Join'];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : functionArn(part, resources))).join(''));
};

const referenceSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });

const functionArn = (reference: unknown, resources: Resources): string => {
  const [id] = referenceSchema.parse(reference)['Fn::GetAtt'];
  const resource = resources[id];
  if (resource?.Type !== 'AWS::Lambda::Function')
    throw new Error(`A definition refers to ${id}, which is not a function.`);
  return `arn:aws:lambda:::function:${resource.Properties.FunctionName}`;
};

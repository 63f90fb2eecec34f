import * as z from 'zod';

/** A definition as CDK writes it into a template: text, with references to resources in between. */
const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z
        .object({
          StateMachineName: z.string(),
          DefinitionString: z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) }),
        })
        .optional()
        .catch(undefined),
    }),
  ),
});

/** The workflows of a relay, by what follows the stack's name in the names of their machines. */
export const WORKFLOWS = ['sync', 'checkout', 'release'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

/**
 * The definition of a workflow in a synthesised template, with `arn:aws:lambda:::function:<logical id>` in the place of
 * each reference to a function. Throws when there is no such machine.
 */
export const definitionIn = (template: unknown, workflow: Workflow = 'sync'): unknown => {
  const machine = Object.values(templateSchema.parse(template).Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::StepFunctions::StateMachine' && Properties?.StateMachineName.endsWith(`-${workflow}`),
  );
  if (machine?.Properties === undefined) throw new Error(`The template has no ${workflow} workflow.`);
  const [, parts] = machine.Properties.DefinitionString['Fn::Join'];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : nameOf(part))).join(''));
};

const referenceSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });

const nameOf = (reference: unknown): string =>
  `arn:aws:lambda:::function:${referenceSchema.parse(reference)['Fn::GetAtt'][0]}`;

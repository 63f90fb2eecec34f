import * as z from 'zod';
import { initialPassword } from '#shared/config/schema/provisioning.ts';
import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { ResourceType, ResourceTypes, Wanted } from '#shared/connections/resource.ts';
import { fillResource } from '#shared/domain/blueprint/fill.ts';
import { checkInputs, type InputProblem } from '#shared/domain/blueprint/inputs.ts';
import { namesIn } from '#shared/domain/blueprint/names.ts';
import type { Holding, Inputs, Subject } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';

/** A resource of a subject, with its texts filled in and checked. */
export interface PreparedResource {
  /** Name in the blueprint. */
  readonly name: string;
  readonly typeName: string;
  readonly type: ResourceType;
  /** Settings with their texts filled in, as a record keeps them. */
  readonly settings: Holding['settings'];
  readonly spec: unknown;
  /** Names of the resources that its settings name, by setting. */
  readonly references: Readonly<Record<string, readonly string[]>>;
  readonly adopt: boolean;
}

const typeIn = (types: ResourceTypes, name: string): ResourceType => {
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type !== undefined) return type;
  throw new RelayError(
    'ConfigurationInvalid',
    `This version of the relay has no resource type ${name}. Deploy the stack again.`,
  );
};

const problemOf = (issue: z.core.$ZodIssue | undefined): string =>
  issue?.code === 'too_big' ? `it is longer than ${issue.maximum} characters` : (issue?.message ?? 'unknown');

/**
 * Prepares a resource from settings whose texts are filled in. Raises `MessageInvalid` if a text does not fit. Pure.
 */
const prepareResource = (
  types: ResourceTypes,
  name: string,
  typeName: string,
  settings: Holding['settings'],
): PreparedResource => {
  const type = typeIn(types, typeName);
  const { data, error } = type.settings.safeParse(settings);
  if (error !== undefined) {
    const [issue] = error.issues;
    throw new RelayError(
      'MessageInvalid',
      `resources.${[name, ...(issue?.path ?? [])].join('.')}: the inputs of the message make a text that does not fit: ${problemOf(issue)}. Send the message with other inputs, or shorten the text of the blueprint.`,
    );
  }
  const references = Object.fromEntries(
    Object.keys(type.references)
      .filter((setting) => settings[setting] !== undefined)
      .map((setting) => [setting, namesIn(settings[setting])]),
  );
  return { name, typeName, type, settings, spec: data, references, adopt: settings['adopt'] === true };
};

/** Prepares the resources of a blueprint for the inputs of a subject, in order. */
export const prepareResources = (
  types: ResourceTypes,
  blueprint: Pick<BlueprintConfig, 'inputs' | 'resources'>,
  given: Inputs,
): readonly PreparedResource[] => {
  const checked = checkInputs(blueprint.inputs, given);
  if (!checked.ok) throw misfit(checked.problems);
  return Object.entries(blueprint.resources).map(([name, resource]) =>
    prepareResource(types, name, resource.type, fillResource(resource, checked.inputs)),
  );
};

/** The blueprint has changed since the message was handled. */
const misfit = (problems: readonly InputProblem[]): RelayError =>
  new RelayError(
    'MessageInvalid',
    `The recorded inputs do not fit the blueprint any more: ${problems.map(({ input, message }) => `${input} ${message}`).join('; ')}. Send the message again with a later position.`,
  );

/** Prepares what a subject holds, with the settings with which it was made. */
export const prepareHoldings = (types: ResourceTypes, { holdings }: Pick<Subject, 'holdings'>): PreparedResource[] =>
  Object.entries(holdings).map(([name, { type, settings }]) => prepareResource(types, name, type, settings));

/**
 * Resolves the references of a resource to remote ids. Raises `ContractViolated` if a referenced resource is missing.
 */
export const wantedOf = ({ name, spec, references }: PreparedResource, holdings: Subject['holdings']): Wanted => ({
  spec,
  refs: Object.fromEntries(
    Object.entries(references).map(([setting, names]) => [
      setting,
      names.map((referenced) => {
        const id = holdings[referenced]?.id;
        if (id !== undefined) return id;
        throw new RelayError('ContractViolated', `The resource ${name} refers to ${referenced}, which does not exist.`);
      }),
    ]),
  ),
});

const initialSchema = z.looseObject({ password: initialPassword });

/** Source of the first password of a resource; undefined if it has none. Pure. */
export const initialPasswordOf = ({
  spec,
}: Pick<PreparedResource, 'spec'>): z.infer<typeof initialPassword> | undefined =>
  initialSchema.safeParse(spec).data?.password;

import * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { type Variable, variableOf } from '#shared/workflows/grants.ts';
import type { Step } from '#shared/workflows/step.ts';

/** Deployment values of a function: the id of its relay, and the names of the resources it was granted. */
export interface Environment {
  /** Globally unique id of the relay: its name, AWS account and region. */
  readonly relayId: string;
  /** Raises `ConfigurationInvalid` if no grant of the step sets the variable. */
  get(variable: Variable): string;
  /** Undefined if no grant of the step sets the variable. */
  find(variable: Variable): string | undefined;
}

const text = z.string().min(1);

/**
 * Reads the variables that a step's grants set. Call it once, at cold start. Raises `ConfigurationInvalid` with the
 * names of missing variables.
 */
export const readEnvironment = (
  step: Pick<Step, 'folder' | 'grants'>,
  config: RelayConfig,
  variables: NodeJS.ProcessEnv = process.env,
): Environment => {
  const granted = step.grants(config).flatMap((grant) => variableOf(grant) ?? []);
  const shape = Object.fromEntries(['RELAY_ID', ...granted].map((name) => [name, text]));
  const { data, error } = z.object(shape).safeParse(variables);
  if (data === undefined) {
    const names = error?.issues.map(({ path }) => path.join('.')).join(', ');
    throw new RelayError(
      'ConfigurationInvalid',
      `Environment variables are missing or wrong: ${names}. Deploy the stack again.`,
    );
  }
  const { RELAY_ID: relayId = '' } = data;
  return {
    relayId,
    find: (variable) => data[variable],
    get(variable) {
      const value = data[variable];
      if (value !== undefined) return value;
      throw new RelayError(
        'ConfigurationInvalid',
        `The step ${step.folder} has no grant for ${variable}. Add the grant to its declaration.`,
      );
    },
  };
};

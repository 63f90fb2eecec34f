import * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { type Variable, variableOf } from '#shared/workflows/grants.ts';
import type { Step } from '#shared/workflows/step.ts';

/** What a function is told when it is deployed: which relay it belongs to, and where it finds what it was granted. */
export interface Environment {
  /** Which relay, worldwide: its name, AWS account and region. */
  readonly relayId: string;
  /** Raises `ConfigurationInvalid` for a variable that comes with no grant of the step. */
  get(variable: Variable): string;
  /** Undefined for a variable that comes with no grant of the step. */
  find(variable: Variable): string | undefined;
}

const text = z.string().min(1);

/**
 * Reads the variables that a step's grants come with, once, at cold start. Raises `ConfigurationInvalid` with the names of those
 * that are missing.
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
        `The step ${step.folder} was granted nothing that comes with ${variable}. Add the grant to its declaration.`,
      );
    },
  };
};

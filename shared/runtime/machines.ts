import { createExecutions, type Executions } from '#shared/aws/executions.ts';
import type { Environment } from '#shared/runtime/environment.ts';
import { type Machine, machineVariable } from '#shared/workflows/grants.ts';

/** Returns the executions of a machine. Raises `ConfigurationInvalid` if the step has no grant for it. */
export type ExecutionsOf = (machine: Machine) => Executions;

/** Gives access to the machines a step has grants for, with one client each for the life of the process. */
export const createExecutionsOf = (env: Pick<Environment, 'get'>): ExecutionsOf => {
  const known = new Map<Machine, Executions>();
  return (machine) => {
    const executions = known.get(machine) ?? createExecutions(env.get(machineVariable(machine)));
    known.set(machine, executions);
    return executions;
  };
};

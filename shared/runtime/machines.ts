import { createExecutions, type Executions } from '#shared/aws/executions.ts';
import type { Environment } from '#shared/runtime/environment.ts';
import { type Machine, machineVariable } from '#shared/workflows/grants.ts';

/** The executions of a machine. Raises `ConfigurationInvalid` for a machine that the step was granted nothing of. */
export type ExecutionsOf = (machine: Machine) => Executions;

/** The machines that a step was granted something of, each with one client for the life of the process. */
export const createExecutionsOf = (env: Pick<Environment, 'get'>): ExecutionsOf => {
  const known = new Map<Machine, Executions>();
  return (machine) => {
    const executions = known.get(machine) ?? createExecutions(env.get(machineVariable(machine)));
    known.set(machine, executions);
    return executions;
  };
};

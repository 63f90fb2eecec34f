import type { Machine } from '#shared/workflows/grants.ts';
import type { Execution } from './aws/step-functions/step-functions.ts';
import type { World } from './world.ts';

/** Returns the ARN of a machine. @throws if the stack has no such machine. */
export const machineArn = ({ aws }: Pick<World, 'aws'>, machine: Machine): string => {
  const found = aws.template
    .ofType('AWS::StepFunctions::StateMachine')
    .find(({ identity }) => identity.name.endsWith(`-${machine}`));
  if (found === undefined) throw new Error(`The stack has no machine ${machine}.`);
  return found.identity.ref;
};

/** Advances the clock past each wait until the execution ends. Returns its output, or its ending if it failed. */
export const finish = async ({ aws, clock }: Pick<World, 'aws' | 'clock'>, { arn }: Execution): Promise<unknown> => {
  for (let until = await aws.stepFunctions.nextWake(arn); until !== undefined; ) {
    clock.advance(Math.max(0, until - clock.now()));
    until = await aws.stepFunctions.nextWake(arn);
  }
  const { ending } = aws.stepFunctions.get(arn);
  return ending?.status === 'SUCCEEDED' ? JSON.parse(ending.output) : ending;
};

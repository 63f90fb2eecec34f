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

/** Time of the next end of a wait, once every running execution waits. Undefined if none does. */
export const nextWake = async ({ aws }: Pick<World, 'aws'>): Promise<number | undefined> => {
  const arns = aws.template.ofType('AWS::StepFunctions::StateMachine').map(({ identity }) => identity.ref);
  for (;;) {
    const running = arns.flatMap((arn) => aws.stepFunctions.list(arn)).filter(({ status }) => status === 'RUNNING');
    const wakes = await Promise.all(running.map(({ arn }) => aws.stepFunctions.nextWake(arn)));
    const known = new Set(running.map(({ arn }) => arn));
    const isNew = ({ arn, status }: Execution) => status === 'RUNNING' && !known.has(arn);
    // An execution can have started another one in the meantime.
    if (arns.some((arn) => aws.stepFunctions.list(arn).some(isNew))) continue;
    return wakes.filter((wake) => wake !== undefined).toSorted((one, other) => one - other)[0];
  }
};

/**
 * Advances the clock past the waits of all executions until this one ends. Returns its output, or its ending if it
 * failed. Calls `seen` whenever everything waits.
 */
export const ended = async (
  world: Pick<World, 'aws' | 'clock'>,
  { arn }: Execution,
  seen: () => void = () => {},
): Promise<unknown> => {
  const { aws, clock } = world;
  for (;;) {
    const wake = await nextWake(world);
    seen();
    const { ending } = aws.stepFunctions.get(arn);
    if (ending !== undefined) return ending.status === 'SUCCEEDED' ? JSON.parse(ending.output) : ending;
    clock.advance(Math.max(0, Math.ceil((wake ?? clock.now()) - clock.now())));
  }
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

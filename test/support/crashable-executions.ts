import { join } from 'node:path';
import type { Clock } from '#local/aws/clock.ts';
import type { Level } from '#local/aws/step-functions/definition.ts';
import { type Json, type Run, startRun } from '#local/aws/step-functions/run.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { CrashPlan } from '#test/support/crashable-process.ts';
import type { Invoked, RunOptions } from '#test/support/crashable-relay.ts';
import type { Execution, PlayedStep } from '#test/support/crashable-steps.ts';

export interface CrashableExecutionsOptions {
  readonly machines: Readonly<Partial<Record<Machine, Level>>>;
  readonly clock: Clock;
  /** Directory of the execution histories. */
  readonly directory: string;
  readonly invoke: (step: PlayedStep, payload: string, crashPlan: CrashPlan) => Promise<Invoked>;
}

/** Simulates the executions of the workflows in Step Functions. */
export const createCrashableExecutions = ({ machines, clock, directory, invoke }: CrashableExecutionsOptions) => {
  const all: Execution[] = [];
  const running = new Set<Run>();

  /** Runs an execution to its end and returns its status. */
  const execute = async (
    machine: Machine,
    name: string,
    input: Json,
    {
      through = ({ perform }) => perform(),
      isListed = true,
      isStepped = false,
      wait = async (seconds) => clock.advance(seconds * 1000),
    }: RunOptions = {},
  ): Promise<string> => {
    const level = machines[machine];
    if (level === undefined) throw new Error(`The test has no machine ${machine}.`);
    const startDate = new Date(clock.now());
    const execution: Execution = { machine, name, input: JSON.stringify(input), startDate, isRunning: true, isListed };
    all.push(execution);
    // A stopped execution ends at once, while its running invocations go on.
    const underWay = new Set<Promise<unknown>>();
    const stop = () => {
      execution.endedAt ??= clock.now();
      execution.isRunning = false;
      run.stop();
    };
    const run = startRun(level, {
      arn: `arn:aws:states:eu-central-1:000000000000:execution:pam-relay-${machine}:${name}`,
      name,
      input,
      directory: join(directory, machine),
      clock,
      wait,
      invoke: (functionArn, payload) => {
        const step = stepOf(functionArn);
        const invoked = through({
          step,
          perform: (crashPlan = new CrashPlan()) => invoke(step, payload, crashPlan),
          stop,
        });
        underWay.add(invoked);
        return invoked;
      },
    });
    running.add(run);
    const { status } = await run.ended;
    execution.isRunning = false;
    execution.endedAt ??= clock.now();
    if (!isStepped) await Promise.all(underWay);
    running.delete(run);
    return status;
  };

  const find = (machine: Machine, name: string): Execution | undefined =>
    all.findLast((execution) => execution.machine === machine && execution.name === name);

  return {
    all,
    execute,
    find,
    isStarted: (machine: Machine, name: string): boolean => find(machine, name) !== undefined,
    /** Forgets ended executions and frees their names, as Step Functions does after 90 days. */
    forget(): void {
      all.splice(0, all.length, ...all.filter(({ isRunning }) => isRunning));
    },
    close(): void {
      for (const run of running) run.stop();
    },
  };
};

const PLAYED = ALL_STEPS.map((step) => ({ folder: step.folder, suffix: `-${functionName(step)}` }));

const isPlayed = (folder: string): folder is PlayedStep =>
  folder !== 'intake/queue' && PLAYED.some((step) => step.folder === folder);

/** The step of a function. The ARN or name has to end with the function's name. */
export const stepOf = (functionArn: string): PlayedStep => {
  const folder = PLAYED.find(({ suffix }) => functionArn.endsWith(suffix))?.folder;
  if (folder === undefined || !isPlayed(folder)) throw new Error(`No step has the function ${functionArn}.`);
  return folder;
};

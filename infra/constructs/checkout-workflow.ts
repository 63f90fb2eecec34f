import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  Fail,
  type IChainable,
  JsonPath,
  Pass,
  Succeed,
  type TaskStateBase,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PATIENT, type RetryPolicy } from '#infra/constructs/retry-policies.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { stepTask, WorkflowMachine } from '#infra/constructs/workflow-machine.ts';

export type CheckoutStep = 'authenticate' | 'plan' | 'watch' | 'request' | 'retrieve' | 'checkin' | 'retire' | 'report';

export interface CheckoutWorkflowProps {
  readonly functions: Readonly<Record<CheckoutStep, WorkflowFunction>>;
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
}

/** Step Functions ends an execution after a year; relay.yaml allows no checkout that would take so long. */
const CHECKOUT_TIMEOUT = Duration.days(365);
/** A release has to wait for the change after the check-in: a day at most, by relay.yaml. */
const RELEASE_TIMEOUT = Duration.days(2);

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

/**
 * The checkout workflow, and the release workflow, which is its end by itself. `Watch` decides what is next, and what
 * there is to wait for is waited for in `Wait`, where nothing runs.
 */
export class CheckoutWorkflow extends Construct {
  readonly checkout: WorkflowMachine;
  readonly release: WorkflowMachine;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: CheckoutWorkflowProps) {
    super(scope, id);
    const common = { functions: Object.values(functions), key, logRetentionDays };
    this.checkout = new WorkflowMachine(this, 'Checkout', {
      ...common,
      name: 'checkout',
      comment: 'Opens accounts for a window and closes them again, whatever happens.',
      definition: new CheckoutStates(this, 'CheckoutStates', functions).checkout(),
      timeout: CHECKOUT_TIMEOUT,
    });
    this.release = new WorkflowMachine(this, 'Release', {
      ...common,
      name: 'release',
      comment: 'Closes one checkout now.',
      definition: new CheckoutStates(this, 'ReleaseStates', functions).release(),
      timeout: RELEASE_TIMEOUT,
    });
  }
}

const isNext = (move: string): Condition => Condition.stringEquals('$.watched.next', move);

/**
 * The states of one of the two workflows; those that it does not lead to are left out of it. From Request on, every way
 * out leads through CheckIn and Retire.
 */
class CheckoutStates extends Construct {
  readonly #functions: CheckoutWorkflowProps['functions'];
  readonly #report: TaskStateBase;
  readonly #watch: TaskStateBase;
  readonly #checkIn: TaskStateBase;

  constructor(scope: Construct, id: string, functions: CheckoutWorkflowProps['functions']) {
    super(scope, id);
    this.#functions = functions;
    this.#report = this.#task('Report', 'report', {
      comment: 'Writes down how it ended, and tells people when they are needed.',
      resultPath: '$.reported',
    });
    this.#watch = this.#task('Watch', 'watch', {
      comment: 'Looks at requests, notes and the clock, and says what is next.',
      resultPath: '$.watched',
    });
    this.#checkIn = this.#task('CheckIn', 'checkin', {
      comment: 'Ends its sessions and gives back every request, also those whose answer got lost.',
      resultPath: '$.checkedIn',
      retry: PATIENT,
    });
    this.#wire();
  }

  checkout(): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'What every step needs to know: which checkout this is, and what was asked for.',
      parameters: { run: JsonPath.stringAt('$$.Execution.Name'), order: JsonPath.objectAt('$$.Execution.Input') },
    });
    const authenticate = this.#task('Authenticate', 'authenticate', {
      comment: 'Refuses wrong credentials before anything is asked for.',
      resultPath: '$.authenticated',
    }).addCatch(this.#report, CAUGHT);
    const plan = this.#task('Plan', 'plan', {
      comment: 'Finds the accounts, sees that the rule allows them, and writes down what this checkout is about.',
      resultPath: '$.planned',
    }).addCatch(this.#report, CAUGHT);
    const request = this.#task('Request', 'request', {
      comment: 'Opens a request for each account, unless somebody else has one.',
      resultPath: '$.requested',
    }).addCatch(this.#checkIn, CAUGHT);
    const retrieve = this.#task('Retrieve', 'retrieve', {
      comment: 'Reads each credential, or opens its session, and delivers it.',
      resultPath: '$.retrieved',
    }).addCatch(this.#checkIn, CAUGHT);

    this.#watch
      .addCatch(this.#checkIn, CAUGHT)
      .next(
        this.#next()
          .when(isNext('request'), request.next(this.#watch))
          .when(isNext('retrieve'), retrieve.next(this.#watch))
          .otherwise(this.#checkIn),
      );
    return begin.next(authenticate).next(plan).next(this.#watch);
  }

  /** Knows nothing but the name: what is open is found by its marker. */
  release(): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Which checkout to close.',
      parameters: {
        run: JsonPath.format('{}.{}', JsonPath.stringAt('$.checkout'), JsonPath.stringAt('$.id')),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    this.#watch.addCatch(this.#report, CAUGHT).next(this.#next().otherwise(this.#report));
    return begin.next(this.#checkIn);
  }

  #next(): Choice {
    const wait = new Wait(this, 'Wait', {
      comment: 'For an approval, for the end of the window, or for the change afterwards.',
      time: WaitTime.secondsPath('$.watched.waitSeconds'),
    });
    return new Choice(this, 'WhatIsNext')
      .when(isNext('wait'), wait.next(this.#watch))
      .when(isNext('report'), this.#report);
  }

  #wire(): void {
    const failed = new Fail(this, 'CheckoutFailed', {
      comment: 'The error that it was given up for; when closing it failed too, that one, because it is the graver.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    const isGivenUp = Condition.isPresent('$.error');
    this.#report
      .addCatch(failed, CAUGHT)
      .next(
        new Choice(this, 'HowItEnded')
          .when(isGivenUp, failed)
          .otherwise(new Succeed(this, 'CheckoutOver', { outputPath: '$.reported' })),
      );
    const retire = this.#task('Retire', 'retire', {
      comment: 'Takes back what was delivered.',
      resultPath: '$.retired',
      retry: PATIENT,
    }).addCatch(this.#report, CAUGHT);
    this.#checkIn.addCatch(this.#report, CAUGHT).next(retire);
    retire.next(new Choice(this, 'IsGivenUp').when(isGivenUp, this.#report).otherwise(this.#watch));
  }

  /** A step's function with the whole state as its input: each parses what it needs out of it. */
  #task(
    name: string,
    step: CheckoutStep,
    options: { comment?: string; resultPath?: string; retry?: RetryPolicy },
  ): TaskStateBase {
    return stepTask(this, name, this.#functions[step], options);
  }
}

import { Duration } from 'aws-cdk-lib';
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
import { type TaskOptions, Tasks, WorkflowMachine } from '#infra/workflows/machine.ts';
import { PATIENT } from '#infra/workflows/retry-policies.ts';
import type { WorkflowProps } from '#infra/workflows/workflow.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import type { Step } from '#shared/workflows/step.ts';

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

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    const common = { key, logRetentionDays };
    const ofCheckout = new Tasks(functions);
    const ofRelease = new Tasks(functions);
    this.checkout = new WorkflowMachine(this, 'Checkout', {
      ...common,
      name: 'checkout',
      comment: 'Opens items for a window and closes them again, whatever happens.',
      definition: new CheckoutStates(this, 'CheckoutStates', ofCheckout).checkout(),
      tasks: ofCheckout,
      timeout: CHECKOUT_TIMEOUT,
    });
    this.release = new WorkflowMachine(this, 'Release', {
      ...common,
      name: 'release',
      comment: 'Closes one checkout now.',
      definition: new CheckoutStates(this, 'ReleaseStates', ofRelease).release(),
      tasks: ofRelease,
      timeout: RELEASE_TIMEOUT,
    });
  }
}

const isNext = (move: string): Condition => Condition.stringEquals('$.watched.next', move);

/**
 * The states of one of the two workflows; those that it does not lead to are left out of it. From Request on, every way
 * out leads through Retire and CheckIn, and neither waits for the other to succeed.
 */
class CheckoutStates extends Construct {
  readonly #tasks: Tasks;
  readonly #report: TaskStateBase;
  readonly #watch: TaskStateBase;
  readonly #retire: TaskStateBase;
  readonly #checkIn: TaskStateBase;

  constructor(scope: Construct, id: string, tasks: Tasks) {
    super(scope, id);
    this.#tasks = tasks;
    this.#report = this.#task('Report', checkoutSteps.report, {
      comment: 'Writes down how it ended, and tells people when they are needed.',
      resultPath: '$.reported',
    });
    this.#watch = this.#task('Watch', checkoutSteps.watch, {
      comment: 'Looks at leases, notes and the clock, and says what is next.',
      resultPath: '$.watched',
    });
    this.#retire = this.#task('Retire', checkoutSteps.retire, {
      comment:
        'Takes back what was delivered, first of all: the vault ends a lease in time by itself, and nobody a secret.',
      resultPath: '$.retired',
      retry: PATIENT,
    });
    this.#checkIn = this.#task('CheckIn', checkoutSteps.checkin, {
      comment: 'Ends its target sessions and every lease, also those whose answer got lost.',
      resultPath: '$.checkedIn',
      retry: PATIENT,
    });
    this.#wire();
  }

  checkout(): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'What every step needs to know: which checkout this is, and what was asked for.',
      parameters: {
        workflow: 'checkout',
        rule: JsonPath.stringAt('$$.Execution.Input.checkout'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        startedAt: JsonPath.stringAt('$$.Execution.StartTime'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const signIn = this.#task('Authenticate', authenticate, {
      comment: 'Refuses wrong credentials before anything is asked for.',
      resultPath: '$.authenticated',
    }).addCatch(this.#report, CAUGHT);
    const plan = this.#task('Plan', checkoutSteps.plan, {
      comment: 'Finds the items, sees that the rule allows them, and writes down what this checkout is about.',
      resultPath: '$.planned',
    }).addCatch(this.#report, CAUGHT);
    const request = this.#task('Request', checkoutSteps.request, {
      comment: 'Opens a lease for each item, unless somebody else has one.',
      resultPath: '$.requested',
    }).addCatch(this.#retire, CAUGHT);
    const retrieve = this.#task('Retrieve', checkoutSteps.retrieve, {
      comment: 'Reads each credential, or opens its target session, and delivers it.',
      resultPath: '$.retrieved',
    }).addCatch(this.#retire, CAUGHT);

    this.#watch
      .addCatch(this.#retire, CAUGHT)
      .next(
        this.#next()
          .when(isNext('request'), request.next(this.#watch))
          .when(isNext('retrieve'), retrieve.next(this.#watch))
          .otherwise(this.#retire),
      );
    return begin.next(signIn).next(plan).next(this.#watch);
  }

  /** Knows nothing but the name: what is open is found by its marker. */
  release(): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Which checkout to close.',
      parameters: {
        workflow: 'checkout',
        rule: JsonPath.stringAt('$.checkout'),
        run: JsonPath.stringAt('$.run'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    this.#watch.addCatch(this.#report, CAUGHT).next(this.#next().otherwise(this.#report));
    return begin.next(this.#retire);
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
    const failed = this.#fail('CheckoutFailed', '$.error', {
      comment: 'What it was given up for; when giving its leases back failed too, that, because it is the graver.',
    });
    const leftDelivered = this.#fail('CheckoutLeftDelivered', '$.retireError', {
      comment: 'What it delivered could not be taken back, which is the gravest.',
    });
    const isLeftDelivered = Condition.isPresent('$.retireError');
    const isGivenUp = Condition.isPresent('$.error');
    this.#report.addCatch(failed, CAUGHT).next(
      new Choice(this, 'HowItEnded')
        .when(isLeftDelivered, leftDelivered)
        .when(isGivenUp, failed)
        .otherwise(new Succeed(this, 'CheckoutOver', { outputPath: '$.reported' })),
    );
    const isNotClosed = Condition.or(isLeftDelivered, isGivenUp);
    this.#retire.addCatch(this.#checkIn, { ...CAUGHT, resultPath: '$.retireError' }).next(this.#checkIn);
    this.#checkIn
      .addCatch(this.#report, CAUGHT)
      .next(new Choice(this, 'IsGivenUp').when(isNotClosed, this.#report).otherwise(this.#watch));
  }

  #fail(name: string, error: string, { comment }: { readonly comment: string }): Fail {
    return new Fail(this, name, { comment, errorPath: `${error}.Error`, causePath: `${error}.Cause` });
  }

  /** A step's function with the whole state as its input: each parses what it needs out of it. */
  #task(name: string, step: Step, options: TaskOptions): TaskStateBase {
    return this.#tasks.make(this, name, step, options);
  }
}

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
import { CLOSING_RETRY, OPEN_LIMIT_RETRY, OPENING_LIMIT_RETRY } from '#infra/workflows/retry-policies.ts';
import type { WorkflowProps } from '#infra/workflows/workflow.ts';
import type { ErrorName } from '#shared/errors.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import type { Step } from '#shared/workflows/step.ts';

/** Step Functions limits executions to a year. relay.yaml allows only shorter checkouts. */
const CHECKOUT_TIMEOUT = Duration.days(365);

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

/** Errors that Plan raises only without a record of this execution. No attempt has then opened anything. */
const NOTHING_PLANNED: ErrorName[] = [
  'CheckoutRefused',
  'NameCollision',
  'ConfigurationInvalid',
  'BootstrapUnusable',
  'SignInRefused',
  'LicenceRefused',
];

/**
 * The checkout workflow, and the release workflow, which consists of its closing states. `Watch` chooses the next
 * state. All waiting happens in `Wait`, where no function runs.
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
      comment: 'Opens items for a window and always closes them.',
      definition: new CheckoutStates(this, 'CheckoutStates', ofCheckout).checkout(),
      tasks: ofCheckout,
      timeout: CHECKOUT_TIMEOUT,
    });
    this.release = new WorkflowMachine(this, 'Release', {
      ...common,
      name: 'release',
      comment: 'Closes one checkout, immediately or at an end that a message has set.',
      definition: new CheckoutStates(this, 'ReleaseStates', ofRelease).release(),
      tasks: ofRelease,
      timeout: CHECKOUT_TIMEOUT,
    });
  }
}

const isNext = (action: string): Condition => Condition.stringEquals('$.watched.next', action);

/**
 * The states of one of the two workflows. CDK omits the states that are unreachable. Once a lease can be open, every
 * path leads through Retire and CheckIn, and each of them runs even if the other fails.
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
      comment: 'Records the outcome, and alerts people if action is needed.',
      resultPath: '$.reported',
    });
    this.#watch = this.#task('Watch', checkoutSteps.watch, {
      comment: 'Reads leases, signals and the clock, and chooses the next state.',
      resultPath: '$.watched',
      limitRetry: OPEN_LIMIT_RETRY,
    });
    this.#retire = this.#task('Retire', checkoutSteps.retire, {
      comment: 'Retires the delivered secrets. Comes first, because leases expire on their own and secrets do not.',
      resultPath: '$.retired',
      limitRetry: OPEN_LIMIT_RETRY,
    });
    this.#checkIn = this.#task('CheckIn', checkoutSteps.checkin, {
      comment: 'Ends all target sessions and leases, including those whose response was lost.',
      resultPath: '$.checkedIn',
      retry: CLOSING_RETRY,
    });
    this.#wire();
  }

  checkout(): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Input of every step: the identity of the checkout, and the order.',
      parameters: {
        workflow: 'checkout',
        rule: JsonPath.stringAt('$$.Execution.Input.checkout'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        startedAt: JsonPath.stringAt('$$.Execution.StartTime'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const signIn = this.#task('Authenticate', authenticate, {
      comment: 'Fails on wrong credentials before anything is requested.',
      resultPath: '$.authenticated',
    }).addCatch(this.#report, CAUGHT);
    const plan = this.#task('Plan', checkoutSteps.plan, {
      comment: 'Finds the items, checks them, writes the record of the checkout, and opens what need not wait.',
      resultPath: '$.planned',
      limitRetry: OPENING_LIMIT_RETRY,
    })
      .addCatch(this.#report, { ...CAUGHT, errors: NOTHING_PLANNED })
      .addCatch(this.#retire, CAUGHT);
    const request = this.#task('Request', checkoutSteps.request, {
      comment: 'Opens a lease for each item, unless another client holds one.',
      resultPath: '$.requested',
      limitRetry: OPEN_LIMIT_RETRY,
    }).addCatch(this.#retire, CAUGHT);
    const retrieve = this.#task('Retrieve', checkoutSteps.retrieve, {
      comment: 'Reads each credential, or opens its target session, and delivers it.',
      resultPath: '$.retrieved',
      limitRetry: OPEN_LIMIT_RETRY,
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

  /** Its input is only the name of the checkout. It finds open leases by their marker. */
  release(): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Identity of the checkout to close.',
      parameters: {
        workflow: 'checkout',
        rule: JsonPath.stringAt('$.checkout'),
        run: JsonPath.stringAt('$.run'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    this.#watch
      .addCatch(this.#report, CAUGHT)
      .next(this.#next().when(isNext('checkin'), this.#retire).otherwise(this.#report));
    return begin.next(
      new Choice(this, 'IsLater', { comment: 'A message can set an end that is still to come.' })
        .when(Condition.stringEquals('$.order.type', 'checkout.shortened'), this.#watch)
        .otherwise(this.#retire),
    );
  }

  #next(): Choice {
    const wait = new Wait(this, 'Wait', {
      comment: 'Waits for an approval, the end of the window, or the credential change.',
      time: WaitTime.secondsPath('$.watched.waitSeconds'),
    });
    return new Choice(this, 'NextAction')
      .when(isNext('wait'), wait.next(this.#watch))
      .when(isNext('report'), this.#report);
  }

  #wire(): void {
    const failed = this.#fail('CheckoutFailed', '$.error', {
      comment:
        'The error that ended the checkout. If the check-in failed too, the error of the check-in, which is more serious.',
    });
    const leftDelivered = this.#fail('CheckoutLeftDelivered', '$.retireError', {
      comment: 'The delivered secrets could not be retired, which is the most serious failure.',
    });
    const isLeftDelivered = Condition.isPresent('$.retireError');
    const isGivenUp = Condition.isPresent('$.error');
    this.#report.addCatch(failed, CAUGHT).next(
      new Choice(this, 'CheckoutEnding')
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

  /** A task that passes the whole state to the step's function, which parses the fields that it needs. */
  #task(name: string, step: Step, options: TaskOptions): TaskStateBase {
    return this.#tasks.make(this, name, step, options);
  }
}

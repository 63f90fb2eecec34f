import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { definitionIn } from '#infra/definition.ts';
import { MACHINES, type Machine } from '#shared/workflows/grants.ts';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import {
  actionsOf,
  allStates,
  FULL,
  loadExample,
  machineOf,
  resourcesOf,
  roleStatements,
  synthesise,
} from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));

/** Which functions each machine calls, written down beside the code that makes it. */
const CALLS: Readonly<Record<Machine, readonly string[]>> = {
  sync: ['authenticate', 'sync-checkin', 'sync-plan', 'sync-report', 'sync-request', 'sync-retrieve'],
  checkout: [
    'authenticate',
    'checkout-checkin',
    'checkout-plan',
    'checkout-report',
    'checkout-request',
    'checkout-retire',
    'checkout-retrieve',
    'checkout-watch',
  ],
  release: ['checkout-checkin', 'checkout-report', 'checkout-retire', 'checkout-watch'],
};

/** The short name of each function, by the beginning of its logical id. */
const nameOf = (logicalId: string): string => {
  const [, id = ''] = /^<(\w+)Function\w{8}\.Arn>$/.exec(logicalId) ?? [];
  const found = ALL_STEPS.map(functionName).find((name) => name.replaceAll('-', '') === id.toLowerCase());
  return found ?? logicalId;
};

const tasksOf = (machine: Machine) => allStates(machineOf(template, machine)).filter(([, { Type }]) => Type === 'Task');

describe.each(MACHINES)('the machine %s', (machine) => {
  it('is a definition that the Amazon States Language allows', () => {
    const { errorsText } = validate(JSON.parse(JSON.stringify(definitionIn(template.toJSON(), machine))));
    expect(errorsText('\n')).toBe('');
  });

  it('calls functions of its own workflow, and those that all share', () => {
    const called = tasksOf(machine).map(([, { Resource }]) => String(Resource).replace(/^.*pam-relay-prod-/, ''));
    expect([...new Set(called)].toSorted()).toEqual(CALLS[machine]);
  });

  it('may invoke exactly the functions that its states call', () => {
    const statements = roleStatements(template, `What the ${machine} workflow may do`);
    const invoking = statements.filter((statement) => actionsOf(statement).includes('lambda:InvokeFunction'));
    expect(invoking.flatMap(resourcesOf).map(nameOf).toSorted()).toEqual(CALLS[machine]);
  });

  it('may do nothing else but encrypt its data, deliver its logs and traces, and what a map needs for its children', () => {
    const others = roleStatements(template, `What the ${machine} workflow may do`)
      .flatMap(actionsOf)
      .filter((action) => !/^(logs|xray|kms):/.test(action));
    const ofTheMap = ['states:StartExecution', 'states:DescribeExecution', 'states:StopExecution'];
    expect(others).toEqual(['lambda:InvokeFunction', ...(machine === 'sync' ? ofTheMap : [])]);
  });

  it.each(tasksOf(machine))(
    'lets the function of %s say itself that its time is up',
    (_, { Resource, TimeoutSeconds }) => {
      const step = ALL_STEPS.find((one) => String(Resource).endsWith(`:pam-relay-prod-${functionName(one)}`));
      expect(TimeoutSeconds).toBe((step?.seconds ?? 0) + 30);
    },
  );
});

it('the machine sync may start, watch and stop the executions of its own batches', () => {
  const states = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>';
  const may = roleStatements(template, 'What the sync workflow may do')
    .filter((statement) => actionsOf(statement).some((action) => action.startsWith('states:')))
    .map((statement) => [actionsOf(statement), resourcesOf(statement)]);
  expect(may).toEqual([
    [['states:StartExecution'], [`${states}:stateMachine:pam-relay-prod-sync`]],
    [['states:DescribeExecution', 'states:StopExecution'], [`${states}:execution:pam-relay-prod-sync:*`]],
  ]);
});

describe('what every step of a run is told first', () => {
  const begin = (machine: Machine) => machineOf(template, machine).States['Begin'];

  it('is the workflow, the rule, the run and the order', () => {
    expect(begin('sync')).toMatchObject({
      Type: 'Pass',
      Parameters: {
        workflow: 'sync',
        'rule.$': '$$.Execution.Input.sync',
        'run.$': '$$.Execution.Name',
        'order.$': '$$.Execution.Input',
      },
    });
    expect(begin('checkout')).toMatchObject({
      Type: 'Pass',
      Parameters: {
        workflow: 'checkout',
        'rule.$': '$$.Execution.Input.checkout',
        'run.$': '$$.Execution.Name',
        'order.$': '$$.Execution.Input',
      },
    });
  });

  it('is the same in a release as in the checkout that it closes', () => {
    expect(begin('release')).toMatchObject({
      Type: 'Pass',
      Parameters: {
        workflow: 'checkout',
        'rule.$': '$.checkout',
        'run.$': '$.run',
        'order.$': '$$.Execution.Input',
      },
    });
  });
});

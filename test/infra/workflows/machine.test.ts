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

/** Expected functions of each machine, independent of the code that declares them. */
const CALLS: Readonly<Record<Machine, readonly string[]>> = {
  provision: ['provision-apply', 'provision-plan', 'provision-report'],
  drift: ['provision-drift'],
  directory: ['directory-apply', 'directory-heed', 'directory-plan', 'directory-report'],
  rotate: ['authenticate', 'rotate-advance', 'rotate-deliver', 'rotate-plan', 'rotate-report'],
  export: ['export-report', 'export-sweep'],
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

/** Short name of each function, by the prefix of its logical id. */
const nameOf = (logicalId: string): string => {
  const [, id = ''] = /^<(\w+)Function\w{8}\.Arn>$/.exec(logicalId) ?? [];
  const found = ALL_STEPS.map(functionName).find((name) => name.replaceAll('-', '') === id.toLowerCase());
  return found ?? logicalId;
};

const tasksOf = (machine: Machine) => allStates(machineOf(template, machine)).filter(([, { Type }]) => Type === 'Task');

describe.each(MACHINES)('the machine %s', (machine) => {
  it('has a valid definition in the Amazon States Language', () => {
    const { errorsText } = validate(JSON.parse(JSON.stringify(definitionIn(template.toJSON(), machine))));
    expect(errorsText('\n')).toBe('');
  });

  it('calls only functions of its own workflow and shared ones', () => {
    const called = tasksOf(machine).map(([, { Resource }]) => String(Resource).replace(/^.*pam-relay-prod-/, ''));
    expect([...new Set(called)].toSorted()).toEqual(CALLS[machine]);
  });

  it('may invoke exactly the functions that its states call', () => {
    const statements = roleStatements(template, `Role of the ${machine} workflow`);
    const invoking = statements.filter((statement) => actionsOf(statement).includes('lambda:InvokeFunction'));
    expect(invoking.flatMap(resourcesOf).map(nameOf).toSorted()).toEqual(CALLS[machine]);
  });

  it('may otherwise only encrypt its data, deliver its logs and traces, and manage the children of a map', () => {
    const others = roleStatements(template, `Role of the ${machine} workflow`)
      .flatMap(actionsOf)
      .filter((action) => !/^(logs|xray|kms):/.test(action));
    const ofTheMap = ['states:StartExecution', 'states:DescribeExecution', 'states:StopExecution'];
    expect(others).toEqual(['lambda:InvokeFunction', ...(machine === 'sync' ? ofTheMap : [])]);
  });

  it.each(tasksOf(machine))('times out in %s later than the function', (_, { Resource, TimeoutSeconds }) => {
    const step = ALL_STEPS.find((one) => String(Resource).endsWith(`:pam-relay-prod-${functionName(one)}`));
    expect(TimeoutSeconds).toBe((step?.seconds ?? 0) + 30);
  });
});

it('the machine sync may start, watch and stop the executions of its own batches', () => {
  const states = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>';
  const granted = roleStatements(template, 'Role of the sync workflow')
    .filter((statement) => actionsOf(statement).some((action) => action.startsWith('states:')))
    .map((statement) => [actionsOf(statement), resourcesOf(statement)]);
  expect(granted).toEqual([
    [['states:StartExecution'], [`${states}:stateMachine:pam-relay-prod-sync`]],
    [['states:DescribeExecution', 'states:StopExecution'], [`${states}:execution:pam-relay-prod-sync:*`]],
  ]);
});

describe('the input of every step of a run', () => {
  const begin = (machine: Machine) => machineOf(template, machine).States['Begin'];

  it('contains the workflow, the rule, the run and the order', () => {
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

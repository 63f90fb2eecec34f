import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '#shared/runtime/environment.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { type Grant, MACHINES, machineVariable } from '#shared/workflows/grants.ts';
import { mockAws } from '#test/support/aws-mock.ts';
import { aConfig } from '#test/support/configs.ts';

const stepFunctions = mockAws(SFNClient);

const grants: Grant[] = [
  { to: 'runs', may: 'start', of: 'sync' },
  { to: 'runs', may: 'start', of: 'release' },
];
const env = readEnvironment({ folder: 'intake/queue', grants: () => grants }, aConfig(), {
  RELAY_ID: 'relay',
  SYNC_MACHINE_ARN: 'arn:sync',
  RELEASE_MACHINE_ARN: 'arn:release',
});

describe('the machines of a step', () => {
  it('are each reached at the configured address', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: 'x' });
    const executionsOf = createExecutionsOf(env);
    await executionsOf('sync').start('databases.1', '{}');
    await executionsOf('release').start('tickets.1', '{}');
    expect(stepFunctions.commandCalls(StartExecutionCommand).map(({ args: [{ input }] }) => input)).toEqual([
      { stateMachineArn: 'arn:sync', name: 'databases.1', input: '{}' },
      { stateMachineArn: 'arn:release', name: 'tickets.1', input: '{}' },
    ]);
  });

  it('have one client each, however often they are requested', () => {
    const executionsOf = createExecutionsOf(env);
    expect(executionsOf('sync')).toBe(executionsOf('sync'));
    expect(executionsOf('sync')).not.toBe(executionsOf('release'));
  });

  it('are unavailable without a grant', () => {
    expect(() => createExecutionsOf(env)('checkout')).toThrow(
      expect.objectContaining({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining('CHECKOUT_MACHINE_ARN'),
      }),
    );
  });

  it('have one variable each', () => {
    expect(new Set(MACHINES.map(machineVariable)).size).toBe(MACHINES.length);
  });
});

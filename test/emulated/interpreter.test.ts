import { randomUUID } from 'node:crypto';
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionIn } from '#infra/definition.ts';
import { aConfig } from '#test/support/configs.ts';
import { CrashPlan } from '#test/support/crashable-process.ts';
import { startCrashableRelay } from '#test/support/crashable-relay.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { machines } from '#test/support/machines.ts';
import { describeRows, type Rows } from '../contract/aws/rows.ts';
import { synthesise } from '../infra/synthesis.ts';
import { KNOWN_DEVIATIONS } from './known-wrong.ts';
import { startInterpreter } from './support/interpreter.ts';
import { syncDefinition } from './support/sync-machine.ts';

const interpreter = await startInterpreter();
afterAll(() => interpreter.close());

const synthesised = JSON.stringify(definitionIn(synthesise(aConfig()).template.toJSON()));
const machineOf = (states: object) => JSON.stringify({ StartAt: 'Begin', States: states });

const rows: Rows<SFNClient> = {
  'a percentage with a decimal point is accepted': async ({ name }) => {
    const definition = synthesised.replace('"ToleratedFailurePercentage":100', '"ToleratedFailurePercentage":100.0');
    expect(await interpreter.createMachine(name, definition)).toContain(name);
  },
  'a whole number of percent is tolerated': async ({ name }) => {
    expect(await interpreter.createMachine(name, synthesised)).toContain(name);
  },
  'a definition that leads nowhere is refused': async ({ name }) => {
    const nowhere = machineOf({ Begin: { Type: 'Pass', Next: 'Nowhere' } });
    await expect(interpreter.createMachine(name, nowhere)).rejects.toThrow();
  },
  'executions without a name get names of their own': async ({ client, name }) => {
    const stateMachineArn = await interpreter.createMachine(name, machineOf({ Begin: { Type: 'Succeed' } }));
    for (const _ of [1, 2]) await client.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
  },
  'a Map fails when more of its children fail than it tolerates': async ({ name }) => {
    const ItemProcessor = {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Broken',
      States: { Broken: { Type: 'Fail', Error: 'Broken' } },
    };
    const map = { Type: 'Map', ItemProcessor, ToleratedFailureCount: 0, End: true };
    const machine = await interpreter.createMachine(name, machineOf({ Begin: map }));
    const arn = await interpreter.start(machine, randomUUID(), [1, 2], () => ({ ok: true, payload: '{}' }));
    expect((await interpreter.ended(arn)).status).toBe('FAILED');
  },
};

describeRows('moto as Step Functions', {
  rows,
  connect: async () => interpreter.client,
  prefix: 'contract-',
  knownDeviations: KNOWN_DEVIATIONS.moto['Step Functions'],
});

describe('the real steps under a third-party interpreter', () => {
  let machine: string;
  beforeAll(async () => {
    machine = await interpreter.createMachine('sync', syncDefinition());
  });

  /** Runs a fresh relay twice, kills it at a moment of the first run, and reaps. */
  const runTwice = async (label: string, killAt = Number.POSITIVE_INFINITY) => {
    const config = aConfig({ name: 'prod/{systemName}/{domainName}/{accountName}', value: '{credential}' });
    await using relay = Object.assign(await startCrashableRelay({ machines, config, fleet: sharedFleet(8) }), {
      [Symbol.asyncDispose]: () => relay.close(),
    });
    const crashPlan = new CrashPlan([killAt, 'death']);
    const sync = async (id: string) => {
      const answer = ({ functionArn, payload }: { functionArn: string; payload: object }) =>
        relay.invoke(functionArn, JSON.stringify(payload), crashPlan);
      const arn = await interpreter.start(machine, `databases.${label}.${id}`, { sync: 'databases' }, answer);
      return interpreter.ended(arn);
    };
    const first = await sync('1');
    const { moments } = crashPlan;
    const second = await sync('2');
    expect(await relay.reap()).toBe(true);
    expect(relay.simulator.openRequests()).toEqual([]);
    const delivered = Object.values(relay.manager.currentValues());
    for (const { kind, credential } of relay.simulator.accounts()) {
      if (kind === 'plain') expect(delivered.filter((value) => value === credential)).toHaveLength(1);
    }
    return { first, second, moments };
  };

  it('update every store, and leave nothing to change', async () => {
    const { first, second } = await runTwice('whole');
    expect(first.states).toEqual(['Begin', 'MayBegin', 'Authenticate', 'Plan', 'AnythingToDo', 'Batches', 'Report']);
    expect(second).toMatchObject({ status: 'SUCCEEDED', output: { delivered: 0 } });
  });

  it('leave nothing open and nothing wrong wherever a function dies', async () => {
    const { moments } = await runTwice('measured');
    const tenths = Array.from({ length: 10 }, (_, tenth) => Math.floor((tenth * moments) / 10));
    for (const moment of tenths) await runTwice(`killed-${moment}`, moment);
  });
});

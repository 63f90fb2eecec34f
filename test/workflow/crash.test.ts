import { afterEach, describe, expect, it } from 'vitest';
import { definitionIn } from '#infra/definition.ts';
import { loadDefinition } from '#local/aws/step-functions/definition.ts';
import { aConfig } from '#test/support/configs.ts';
import { startMortalRelay } from '#test/support/mortal-relay.ts';
import { synthesise } from '../infra/synthesis.ts';

const machine = loadDefinition('sync', JSON.stringify(definitionIn(synthesise(aConfig()).template.toJSON())), {
  waitScale: 0,
});

let relay: Awaited<ReturnType<typeof startMortalRelay>>;
afterEach(() => relay.close());

/** Accounts that a sync can deliver, and that nothing but a change of ours would change. */
const plainOnes = () =>
  relay.simulator.accounts().filter(({ kind }) => ['plain', 'odd-name', 'odd-credential'].includes(kind));

const expectAllIsWell = () => {
  expect(relay.simulator.openRequests()).toEqual([]);
  const values = Object.entries(relay.manager.currentValues()).filter(([name]) => name.startsWith('prod/'));
  for (const { credential } of plainOnes()) {
    const names = values.filter(([, value]) => value === credential).map(([name]) => name);
    expect(names).toHaveLength(1);
    for (const name of names) expect(relay.manager.promotions(name)).toHaveLength(1);
  }
};

/** Every moment of a run at which it may die, found by a run that lives. */
const momentsOfARun = async (): Promise<number> => {
  relay = await startMortalRelay(machine);
  await relay.sync('1');
  expectAllIsWell();
  const { moments } = relay.mortal;
  await relay.close();
  return moments;
};

describe('a run that dies', () => {
  it.each([
    ['one function at any moment', false],
    ['as a whole at any moment', true],
  ])(
    '%s leaves nothing open, nothing wrong and nothing delivered twice after one more run and reap',
    async (_what, diesWhole) => {
      const moments = await momentsOfARun();
      for (let moment = 0; moment < moments; moment += 1) {
        relay = await startMortalRelay(machine);
        relay.mortal.killAt(moment);
        await relay.sync('1', { diesWhole });
        await relay.sync('2');
        const reaped = await relay.reap();
        expect(reaped.ok, `killed at ${moment} of ${moments}`).toBe(true);
        expectAllIsWell();
        if (moment < moments - 1) await relay.close();
      }
    },
    300_000,
  );
});

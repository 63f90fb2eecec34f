import { describe, expect, it } from 'vitest';
import { allStates, FULL, loadExample, machineOf, type StateDefinition, stateOf, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));
const definition = machineOf(template, 'rotate');

const nextStates = ({ Next, Default, Choices, Catch }: StateDefinition): string[] =>
  [Next, Default, ...Choices.map((choice) => choice.Next), ...Catch.map((caught) => caught.Next)].filter(
    (next) => next !== undefined,
  );

/** End states that can be reached from a state without the states in `without`. */
const endsFrom = (first: string, without: readonly string[]): string[] => {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || without.includes(name)) return;
    seen.add(name);
    for (const next of nextStates(stateOf(definition, name))) visit(next);
  };
  visit(first);
  return [...seen].filter((name) => nextStates(stateOf(definition, name)).length === 0);
};

describe('the workflow rotate', () => {
  it('leads through Report on every path, which gives the rule back', () => {
    expect(endsFrom('Begin', []).toSorted()).toEqual(['RotationDone', 'RotationFailed']);
    expect(endsFrom('Begin', ['Report'])).toEqual([]);
  });

  it.each(['Authenticate', 'Plan', 'Deliver'])('reports an error of %s', (state) => {
    expect(stateOf(definition, state).Catch).toMatchObject([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Report' },
    ]);
  });

  it('delivers what has rotated before an error of Advance, which it reports', () => {
    const [caught] = stateOf(definition, 'Advance').Catch;
    expect(caught).toMatchObject({ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'DeliverRest' });
    const rest = stateOf(definition, 'DeliverRest');
    expect(rest).toMatchObject({ ResultPath: null, Next: 'Report' });
    expect(rest.Catch).toMatchObject([{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Report' }]);
  });

  it('waits only in a Wait state, and looks again after it', () => {
    expect(stateOf(definition, 'Wait')).toMatchObject({ SecondsPath: '$.advanced.waitSeconds', Next: 'Advance' });
    expect(stateOf(definition, 'Deliver').Next).toBe('Wait');
    expect(stateOf(definition, 'NextAction')).toMatchObject({ Default: 'Report' });
  });

  it('has a timeout for every task', () => {
    const tasks = allStates(definition).filter(([, { Type }]) => Type === 'Task');
    expect(tasks.length).toBe(6);
    for (const [name, { TimeoutSeconds }] of tasks) expect(TimeoutSeconds, name).toBeGreaterThan(0);
  });
});

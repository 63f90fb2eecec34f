import { describe, expect, it } from 'vitest';
import type { Machine } from '#shared/workflows/grants.ts';
import { allStates, loadExample, machineOf, type StateDefinition, stateOf, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample('tickets.yaml'));

const waysFrom = ({ Next, Default, Choices, Catch }: StateDefinition): string[] =>
  [Next, Default, ...Choices.map((choice) => choice.Next), ...Catch.map((caught) => caught.Next)].filter(
    (next) => next !== undefined,
  );

/**
 * The states that a machine can end in from a state on, when it goes through none of the states `without`. That Watch says `report`
 * of nothing but what is closed is tried where it decides.
 */
const endsFrom = (machine: Machine, first: string, without: readonly string[]): string[] => {
  const definition = machineOf(template, machine);
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || without.includes(name)) return;
    seen.add(name);
    const isReport = (next: string) => name === 'WhatIsNext' && next === 'Report';
    for (const next of waysFrom(stateOf(definition, name))) if (!isReport(next)) visit(next);
  };
  visit(first);
  return [...seen].filter((name) => waysFrom(stateOf(definition, name)).length === 0);
};

const caughtBy = (machine: Machine, state: string) => stateOf(machineOf(template, machine), state).Catch;

describe.each([
  ['checkout', 'Request'],
  ['release', 'Begin'],
] as const)('in the workflow %s, from %s on,', (machine, first) => {
  it.each(['Retire', 'CheckIn'])('every way out leads through %s', (state) => {
    expect(endsFrom(machine, first, [])).not.toEqual([]);
    expect(endsFrom(machine, first, [state])).toEqual([]);
  });

  it('what was delivered is taken back before anything is asked of the vault', () => {
    expect(endsFrom(machine, first, ['Retire'])).toEqual([]);
    expect(waysFrom(stateOf(machineOf(template, machine), 'Retire'))).toEqual(['CheckIn', 'CheckIn']);
  });

  it('leases are given back also when what was delivered could not be taken back, and both are reported', () => {
    expect(caughtBy(machine, 'Retire')).toMatchObject([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.retireError', Next: 'CheckIn' },
    ]);
    expect(caughtBy(machine, 'CheckIn')).toMatchObject([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Report' },
    ]);
  });

  it('every error of every task is caught', () => {
    for (const [name, { Type, Catch }] of allStates(machineOf(template, machine))) {
      if (Type !== 'Task') continue;
      expect(
        Catch.flatMap(({ ErrorEquals }) => ErrorEquals),
        name,
      ).toEqual(['States.ALL']);
    }
  });

  it('the end names what is left delivered before what is left open, and that before all else', () => {
    const { Choices, Default } = stateOf(machineOf(template, machine), 'HowItEnded');
    expect(Choices).toMatchObject([
      { Variable: '$.retireError', IsPresent: true, Next: 'CheckoutLeftDelivered' },
      { Variable: '$.error', IsPresent: true, Next: 'CheckoutFailed' },
    ]);
    expect(Default).toBe('CheckoutOver');
  });
});

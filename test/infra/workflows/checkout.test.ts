import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY, OPEN_LIMIT_RETRY } from '#infra/workflows/retry-policies.ts';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { allStates, loadExample, machineOf, type StateDefinition, stateOf, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample('tickets.yaml'));

const nextStates = ({ Next, Default, Choices, Catch }: StateDefinition): string[] =>
  [Next, Default, ...Choices.map((choice) => choice.Next), ...Catch.map((caught) => caught.Next)].filter(
    (next) => next !== undefined,
  );

/**
 * End states that a machine can reach from a state without passing through the states in `without`. Ignores the
 * transition from NextAction to Report: the tests of `watch` prove that it is taken only for closed checkouts.
 */
const endsFrom = (machine: Machine, first: string, without: readonly string[]): string[] => {
  const definition = machineOf(template, machine);
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || without.includes(name)) return;
    seen.add(name);
    const isReport = (next: string) => name === 'NextAction' && next === 'Report';
    for (const next of nextStates(stateOf(definition, name))) if (!isReport(next)) visit(next);
  };
  visit(first);
  return [...seen].filter((name) => nextStates(stateOf(definition, name)).length === 0);
};

const caughtBy = (machine: Machine, state: string) => stateOf(machineOf(template, machine), state).Catch;

describe('the workflow release', () => {
  it('closes at once, unless a message has set an end that is still to come', () => {
    const { Choices, Default } = stateOf(machineOf(template, 'release'), 'IsLater');
    expect(Choices).toEqual([{ Variable: '$.order.type', StringEquals: 'checkout.shortened', Next: 'Watch' }]);
    expect(Default).toBe('Retire');
    expect(nextStates(stateOf(machineOf(template, 'release'), 'Begin'))).toEqual(['IsLater']);
  });
});

describe('an error of the plan', () => {
  const [refused, other, ...more] = caughtBy('checkout', 'Plan');

  it('is only reported if it proves that nothing was recorded, and so nothing opened', () => {
    expect(refused).toMatchObject({ ResultPath: '$.error', Next: 'Report' });
    expect(refused?.ErrorEquals).toEqual(expect.arrayContaining(['CheckoutRefused', 'SignInRefused']));
    for (const name of refused?.ErrorEquals ?? []) {
      const known = ERROR_NAMES.find((candidate) => candidate === name);
      // A later attempt would find the record.
      expect(known && isRetryable(known), name).toBe(false);
    }
  });

  it('otherwise leads through Retire and CheckIn', () => {
    expect(other).toMatchObject({ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Retire' });
    expect(more).toEqual([]);
  });
});

describe.each([
  ['checkout', 'Request'],
  ['release', 'Retire'],
] as const)('in the workflow %s, from %s,', (machine, first) => {
  it.each(['Retire', 'CheckIn'])('every path leads through %s', (state) => {
    expect(endsFrom(machine, first, [])).not.toEqual([]);
    expect(endsFrom(machine, first, [state])).toEqual([]);
  });

  it('delivered secrets are retired before the vault is called', () => {
    expect(endsFrom(machine, first, ['Retire'])).toEqual([]);
    expect(nextStates(stateOf(machineOf(template, machine), 'Retire'))).toEqual(['CheckIn', 'CheckIn']);
  });

  it('leases are checked in even if delivered secrets could not be retired, and both are reported', () => {
    expect(caughtBy(machine, 'Retire')).toMatchObject([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.retireError', Next: 'CheckIn' },
    ]);
    expect(caughtBy(machine, 'CheckIn')).toMatchObject([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Report' },
    ]);
  });

  it('neither a store that fails nor a limit delays the check-in for long', () => {
    const retire = stateOf(machineOf(template, machine), 'Retire');
    expect(retire.Retry[0]).toMatchObject({ MaxAttempts: DEFAULT_RETRY.attempts });

    const waits = allStates(machineOf(template, machine)).flatMap(([name, { Type, Retry }]) =>
      Type === 'Task' && !['Authenticate', 'Plan', 'CheckIn', 'Report'].includes(name) ? [Retry[1]] : [],
    );
    expect(waits.length).toBeGreaterThan(0);
    for (const wait of waits) expect(wait).toMatchObject({ MaxAttempts: OPEN_LIMIT_RETRY.attempts });
  });

  it('every error of every task is caught', () => {
    for (const [name, { Type, Catch }] of allStates(machineOf(template, machine))) {
      if (Type !== 'Task') continue;
      expect(Catch.at(-1)?.ErrorEquals, name).toEqual(['States.ALL']);
    }
  });

  it('the end names a failed retirement before a failed check-in, and both before any other error', () => {
    const { Choices, Default } = stateOf(machineOf(template, machine), 'CheckoutEnding');
    expect(Choices).toMatchObject([
      { Variable: '$.retireError', IsPresent: true, Next: 'CheckoutLeftDelivered' },
      { Variable: '$.error', IsPresent: true, Next: 'CheckoutFailed' },
    ]);
    expect(Default).toBe('CheckoutOver');
  });
});

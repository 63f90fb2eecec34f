import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '#examples/support/comparison.ts';
import { DOCUMENTED_CASES } from '#examples/support/documented-cases.ts';

const DOCUMENTED = ['POST <base>/Auth/SignAppin', 'GET <base>/Credentials/{requestId}', 'POST <base>/Auth/Signout'];
const OURS = ['POST Auth/SignAppIn', 'GET Credentials/{id}', 'POST Auth/Signout'];

describe('comparing our calls with the documented ones', () => {
  it('matches a call in any spelling, with any id or query', () => {
    expect(compare(DOCUMENTED, OURS)).toEqual({
      rows: OURS.map((ours, index) => ({ ours, documented: DOCUMENTED[index] })),
      broken: [],
    });
    const byNames = ['GET <base>/ManagedAccounts?systemName={systemName}&accountName={accountName}'];
    expect(compare(byNames, ['GET ManagedAccounts']).broken).toEqual([]);
  });

  it('returns the reason of an undocumented call', () => {
    const { rows, broken } = compare(DOCUMENTED, ['POST Auth/Connect/Token', ...OURS]);
    expect(rows[0]).toEqual({ ours: 'POST Auth/Connect/Token', why: expect.stringContaining('OAuth') });
    expect(broken).toEqual([]);
  });

  it('reports a call without a documented reason', () => {
    expect(compare(DOCUMENTED, [...OURS, 'POST Requests']).broken).toEqual([
      'The call POST Requests is not documented and has no reason in comparison.ts.',
    ]);
  });

  it('reports a documented call that is missing, and one that comes too early', () => {
    expect(compare(DOCUMENTED, OURS.slice(0, 2)).broken).toHaveLength(1);
    expect(compare(DOCUMENTED, OURS.toReversed()).broken).not.toEqual([]);
  });

  it('accepts any documented case with explained calls anywhere in between', () => {
    const anyCase = fc.constantFrom(...Object.values(DOCUMENTED_CASES));
    const explained = fc.array(fc.constantFrom('GET Requests', 'POST AccessPolicies/Test'), { maxLength: 3 });
    fc.assert(
      fc.property(anyCase, fc.array(explained, { minLength: 7, maxLength: 7 }), ({ calls }, between) => {
        const ours = calls.map((call) =>
          call
            .replace('<base>/', '')
            .replace(/\?.*/, '')
            .replaceAll(/\{\w+\}/g, '{id}'),
        );
        const mixed = ours.flatMap((call, index) => [...(between[index] ?? []), call]);
        expect(compare(calls, mixed).broken).toEqual([]);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilitiesOn, parsePolicy } from '#local/simulators/openbao/policies.ts';

const segment = fc.constantFrom('a', 'ab', 'b');
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
const pattern = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([segments, isPrefix]) => `${segments.join('/')}${isPrefix ? '*' : ''}`);
const capability = fc.constantFrom('read', 'update', 'list', 'deny');
const rule = fc.record({ pattern, capability });

const rulesOf = (rules: readonly { readonly pattern: string; readonly capability: string }[]) =>
  parsePolicy(rules.map((one) => `path "${one.pattern}" { capabilities = ["${one.capability}"] }`).join('\n'));

describe('the capabilities on a path', () => {
  it('do not depend on the order of the rules', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), path, (rules, on) => {
        const [one, other] = [rules, rules.toReversed()].map((all) => [...capabilitiesOn(rulesOf(all), on)].toSorted());
        expect(other).toEqual(one);
      }),
    );
  });

  it('are those of the rule for exactly this path, whatever patterns match too', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), path, (rules, on) => {
        const others = rules.filter((one) => one.pattern !== on);
        expect([...capabilitiesOn(rulesOf([...others, { pattern: on, capability: 'list' }]), on)]).toEqual(['list']);
        expect([...capabilitiesOn(rulesOf([...others, { pattern: on, capability: 'deny' }]), on)]).toEqual([]);
      }),
    );
  });
});

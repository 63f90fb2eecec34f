import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generatePassword, type PasswordRule } from '#shared/connections/password-safe/resources/password-rules.ts';

const RULE: PasswordRule = {
  PasswordRuleID: 0,
  MinimumLength: 12,
  MaximumLength: 32,
  FirstCharacterRequirement: 'Alphanumeric',
  LowercaseRequirement: 'Require',
  UppercaseRequirement: 'Require',
  NumericRequirement: 'Require',
  SymbolRequirement: 'Require',
  ValidLowercaseCharacters: 'abc',
  ValidUppercaseCharacters: 'XYZ',
  ValidSymbols: '!#',
};

it('a generated password fits its rule: length, classes, valid characters, and a letter first', () => {
  const requirement = fc.constantFrom('Require', 'Allow', 'Do not allow');
  const rules = fc.record({
    MinimumLength: fc.integer({ min: 1, max: 40 }),
    more: fc.integer({ min: 4, max: 60 }),
    LowercaseRequirement: requirement,
    UppercaseRequirement: requirement,
    NumericRequirement: requirement,
    SymbolRequirement: requirement,
  });
  const classes = [
    ['LowercaseRequirement', /[abc]/],
    ['UppercaseRequirement', /[XYZ]/],
    ['NumericRequirement', /[0-9]/],
    ['SymbolRequirement', /[!#]/],
  ] as const;
  fc.assert(
    fc.property(rules, ({ more, ...parts }) => {
      const rule = { ...RULE, ...parts, MaximumLength: parts.MinimumLength + more };
      fc.pre(classes.some(([name]) => rule[name] !== 'Do not allow'));
      const password = generatePassword(rule).reveal();
      expect(password.length).toBeGreaterThanOrEqual(rule.MinimumLength);
      expect(password.length).toBeLessThanOrEqual(rule.MaximumLength);
      expect(password).toMatch(/^[abcXYZ0-9!#]+$/);
      for (const [name, pattern] of classes) expect(pattern.test(password)).toBe(rule[name] !== 'Do not allow');
      const hasLetters = rule.LowercaseRequirement !== 'Do not allow' || rule.UppercaseRequirement !== 'Do not allow';
      if (hasLetters) expect(password).toMatch(/^[abcXYZ]/);
    }),
  );
});

it('two passwords differ', () => {
  expect(generatePassword(RULE).reveal()).not.toBe(generatePassword(RULE).reveal());
});

it('a rule that allows nothing is refused with the fix', () => {
  const none = 'Do not allow';
  const rule = {
    LowercaseRequirement: none,
    UppercaseRequirement: none,
    NumericRequirement: none,
    SymbolRequirement: none,
  };
  expect(() => generatePassword({ ...RULE, ...rule })).toThrow('Name another passwordRule');
});

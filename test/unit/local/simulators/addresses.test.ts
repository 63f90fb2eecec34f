import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressRules } from '#local/simulators/password-safe/addresses.ts';

const ipv4 = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
const ipv6 = (number: number): string => `2001:db8::${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
const family = fc.constantFrom(ipv4, ipv6);
const number = fc.integer({ min: 0, max: 0xffff_ffff });

describe('address rules', () => {
  it('accept a single address, and no other', () => {
    fc.assert(
      fc.property(family, number, number, (write, rule, caller) => {
        expect(addressRules([write(rule)])(write(caller))).toBe(rule === caller);
      }),
    );
  });

  it('accept a range including both ends', () => {
    fc.assert(
      fc.property(family, fc.tuple(number, number), number, (write, ends, caller) => {
        const [from, to] = [Math.min(...ends), Math.max(...ends)];
        const lets = addressRules([`${write(from)} - ${write(to)}`]);
        expect(lets(write(caller))).toBe(caller >= from && caller <= to);
        expect([lets(write(from)), lets(write(to))]).toEqual([true, true]);
      }),
    );
  });

  it('accept the addresses with the prefix of a CIDR', () => {
    fc.assert(
      fc.property(family, number, number, fc.integer({ min: 1, max: 32 }), (write, rule, caller, bits) => {
        const shift = 32 - bits;
        const prefix = write === ipv4 ? bits : bits + 96;
        expect(addressRules([`${write(rule)}/${prefix}`])(write(caller))).toBe(rule >>> shift === caller >>> shift);
      }),
    );
  });

  it('accept what any rule accepts, and nothing without a rule', () => {
    const lets = addressRules(['10.0.0.1', '2001:db8::/64']);
    expect(['10.0.0.1', '2001:db8::9', '::ffff:10.0.0.1', '10.0.0.2', '2001:db9::1'].map(lets)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(addressRules([])('10.0.0.1')).toBe(false);
    expect(addressRules(['0.0.0.0/0'])('no address')).toBe(false);
  });

  it.each(['', 'localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.1-', '10.0.0.9-10.0.0.1', '10.0.0.1-::1'])(
    'are refused when one is %j',
    (rule) => expect(() => addressRules([rule])).toThrow(),
  );
});

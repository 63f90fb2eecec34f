import { describe, expect, it } from 'vitest';
import { ruleOf } from '#shared/config/rules.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';

const NOT_THERE = ['database', '', 'toString', '__proto__', 'constructor'];

describe('a rule by its workflow and name', () => {
  const config = aCheckoutConfig({ maxMinutes: 7 }, { batchSize: 7 });

  it('is the deployed one', () => {
    expect(ruleOf(config, 'sync', 'databases').batchSize).toBe(7);
    expect(ruleOf(config, 'checkout', 'tickets')).toBe(config.checkouts['tickets']);
  });

  it.each(NOT_THERE)('is refused as sync %j, with the existing names', (name) => {
    expect(() => ruleOf(config, 'sync', name)).toThrow(/There is no sync .* Use one of: databases\./);
  });

  it.each(NOT_THERE)('is refused as checkout %j, with the existing names', (name) => {
    expect(() => ruleOf(config, 'checkout', name)).toThrow(/There is no checkout .* Use one of: tickets\./);
  });

  it('of another workflow is not found', () => {
    expect(() => ruleOf(config, 'checkout', 'databases')).toThrow(/There is no checkout/);
    expect(() => ruleOf(config, 'sync', 'tickets')).toThrow(/There is no sync/);
  });
});

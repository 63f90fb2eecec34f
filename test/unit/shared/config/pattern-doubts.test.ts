import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { configWith } from '#test/unit/shared/config/support.ts';

const warningsOf = (text: string): string[] => {
  const lines: string[] = [];
  parseConfig(text, { file: 'relay.yaml' }, undefined, (line) => lines.push(line));
  return lines;
};

const ONLY = 'only * is a wildcard, and only a leading ! excludes';

describe('a warning of the loader', () => {
  it('is absent for plain patterns', () => {
    const select = `{ systems: [db-*, "!db-test-*"], accounts: ['CORP\\svc*'], types: [system] }`;
    expect(warningsOf(configWith({ 14: `    stores: [aws]\n    select: ${select}` }))).toEqual([]);
  });

  it('names each pattern with another meaning in other languages, at its line', () => {
    const text = configWith({
      14: '    stores: [aws]\n    select:\n      systems:\n        - db-*\n        - db-0?\n      accounts: ["[ab]*", "sa$"]',
    });
    expect(warningsOf(text)).toEqual([
      `relay.yaml:18:11 syncs.fleet.select.systems[1]: contains "?", which matches itself in a pattern; ${ONLY}`,
      `relay.yaml:19:18 syncs.fleet.select.accounts[0]: contains "[", "]", which match themselves in a pattern; ${ONLY}`,
      `relay.yaml:19:27 syncs.fleet.select.accounts[1]: contains "$", which matches itself in a pattern; ${ONLY}`,
    ]);
  });

  it('covers rules for checkouts, and every source', () => {
    const rules = [
      'checkouts:',
      '  tickets:',
      '    connection: vault',
      '    stores: [aws]',
      '    name: tickets/{checkoutId}/{systemName}/{accountName}',
      '    select: { domains: [^corp] }',
    ];
    const safe = {
      15: '    name: fleet/{folderPath}/{title}',
      14: '    stores: [aws]\n    source: secrets-safe\n    select: { titles: [" app*"] }',
    };
    expect(warningsOf([configWith(safe), ...rules].join('\n'))).toEqual([
      'relay.yaml:16:24 syncs.fleet.select.titles[0]: begins or ends with a space, which is part of the pattern; remove it if the names have none',
      `relay.yaml:25:25 checkouts.tickets.select.domains[0]: contains "^", which matches itself in a pattern; ${ONLY}`,
    ]);
  });

  it('covers nothing but patterns', () => {
    expect(warningsOf(configWith({ 16: `    value: { '$[?]': "{credential}^{{}}" }` }))).toEqual([]);
  });

  it('appears only if nothing is wrong', () => {
    const lines: string[] = [];
    const text = configWith({ 13: '    connection: valt', 14: '    stores: [aws]\n    select: { systems: [db-0?] }' });
    expect(() => parseConfig(text, { file: 'relay.yaml' }, undefined, (line) => lines.push(line))).toThrow('valt');
    expect(lines).toEqual([]);
  });
});

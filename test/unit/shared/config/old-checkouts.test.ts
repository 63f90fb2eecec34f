import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const CONNECTION =
  "  pra: { type: sra, url: 'https://pra.example.com', authentication: { bootstrapSecret: bootstrap/pra } }";
const textWith = (rule: string): string =>
  `${configWith({ 7: `      bootstrapSecret: bootstrap/vault\n${CONNECTION}` })}\noldCheckouts:\n  hygiene: { ${rule} }\n`;

const BASE = 'schedule: { expression: rate(1 hour) }, olderThanHours: 8';
const OURS = `connection: pra, source: vault-accounts, ${BASE}`;
const forcing = (force: string): string => `${OURS}, forceCheckIn: { ${force} }`;

describe('a rule for old checkouts', () => {
  it.each([
    ['only reports', OURS],
    ['ends those of groups', forcing('olderThanHours: 8, groups: [Contractors, "Temp*", "!Temp-HR"]')],
    ['ends those of everything', forcing('olderThanHours: 24, everything: true, rotate: true, budget: 100')],
  ])('%s', (_what, rule) => {
    expect(problemsOf(textWith(rule))).toEqual([]);
  });

  it('needs no sync', () => {
    const text = textWith(OURS).replace(/\nstores:[\s\S]*?\noldCheckouts:/, '\noldCheckouts:');
    expect(problemsOf(text.replace(/ {2}vault:[\s\S]*?( {2}pra)/, '$1'))).toEqual([]);
  });

  it('ends at most five checkouts in a run, and rotates none, unless it says so', () => {
    const { oldCheckouts } = parseConfig(textWith(forcing('olderThanHours: 9, groups: [A]')), { file: 'relay.yaml' });
    expect(oldCheckouts['hygiene']?.forceCheckIn).toMatchObject({ budget: 5, rotate: false });
  });

  it('is refused with groups if the items of its source have none', () => {
    const { sra } = REGISTERED_TYPES.connections;
    const source = sra?.sources['vault-accounts'];
    if (sra === undefined || source === undefined) throw new Error('There is no such source.');
    const rules: typeof source.rules = (rule) => ({ ...source.rules(rule), groupLabel: undefined });
    const connections = {
      ...REGISTERED_TYPES.connections,
      sra: { ...sra, sources: { 'vault-accounts': { ...source, rules } } },
    };
    const text = textWith(forcing('olderThanHours: 8, groups: [A]'));
    expect(problemsOf(text, undefined, { ...REGISTERED_TYPES, connections })).toEqual([
      expect.stringContaining('items of "vault-accounts" have no groups; write everything: true instead'),
    ]);
  });

  it('is warned about if its schedule is rarer than any alarm can wait', () => {
    const warnings: string[] = [];
    const rare = textWith(OURS.replace('1 hour', '8 days'));
    parseConfig(rare, { file: 'relay.yaml' }, undefined, (line) => warnings.push(line));
    expect(warnings).toEqual([
      expect.stringContaining('oldCheckouts.hygiene.schedule: has no alarm old-checkouts-stale'),
    ]);
  });

  it.each([
    [
      'a connection that does not exist',
      OURS.replace('pra', 'prra'),
      'oldCheckouts.hygiene.connection: there is no connection "prra"; did you mean "pra"?',
    ],
    [
      'a vault that does not show all checkouts',
      OURS.replace('pra', 'vault'),
      'oldCheckouts.hygiene.connection: "vault" is of a type that does not show all checkouts; name another connection',
    ],
    [
      'a source that does not exist',
      OURS.replace('vault-accounts', 'vault-account'),
      'oldCheckouts.hygiene.source: is not known; did you mean "vault-accounts"?',
    ],
    [
      'an end before the report',
      forcing('olderThanHours: 7, groups: [A]'),
      'oldCheckouts.hygiene.forceCheckIn.olderThanHours: ends checkouts that are not reported yet; write olderThanHours: 8 or more',
    ],
    [
      'an age that the vault does not show',
      forcing('olderThanHours: 2136, groups: [A]'),
      'oldCheckouts.hygiene.forceCheckIn.olderThanHours: is more than the vault shows, which is 2136 hours; write a smaller number',
    ],
    [
      'no consent',
      forcing('olderThanHours: 8'),
      'oldCheckouts.hygiene.forceCheckIn: selects nothing; name groups: [Contractors], or write everything: true',
    ],
    [
      'both groups and everything',
      forcing('olderThanHours: 8, groups: [A], everything: true'),
      'oldCheckouts.hygiene.forceCheckIn.everything: does not go with groups; remove one of them',
    ],
    [
      'a group of everything',
      forcing('olderThanHours: 8, groups: [A, "**"]'),
      'oldCheckouts.hygiene.forceCheckIn.groups: selects every group; write everything: true instead',
    ],
    [
      'groups that only exclude',
      forcing('olderThanHours: 8, groups: ["!A"]'),
      'oldCheckouts.hygiene.forceCheckIn.groups: only excludes; name the groups whose checkouts may be ended',
    ],
    [
      'no group in the list',
      forcing('olderThanHours: 8, groups: []'),
      'oldCheckouts.hygiene.forceCheckIn.groups: names no group',
    ],
    ['no budget', forcing('olderThanHours: 8, groups: [A], budget: 0'), 'oldCheckouts.hygiene.forceCheckIn.budget: '],
  ])('is refused with %s', (_what, rule, problem) => {
    const problems = problemsOf(textWith(rule));
    expect(problems.filter((line) => line.includes('oldCheckouts'))).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).toMatch(/^relay\.yaml:\d+:\d+ /);
  });
});

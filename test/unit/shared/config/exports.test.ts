import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const PEOPLE =
  "  people: { type: secretsafe, url: 'https://people.example.com', authentication: { bootstrapSecret: bootstrap/people } }";

const textWith = (rule: string) =>
  `${configWith({ 7: `      bootstrapSecret: bootstrap/vault\n${PEOPLE}` })}\nexports:\n  audit: { ${rule} }\n`;
const OURS = 'connection: people, schedule: { expression: rate(1 hour) }';

describe('a rule for exports', () => {
  it('needs only a connection and a schedule', () => {
    const { exports } = parseConfig(textWith(OURS), { file: 'relay.yaml' });
    expect(exports['audit']).toMatchObject({
      ...{ startFromDays: 30, lagMinutes: 1, overlapMinutes: 10, alarmAfterHours: 24 },
      resweep: { days: 7, at: '03:00' },
    });
  });

  it('needs no sync and no store', () => {
    const text = textWith(OURS).replace(/\nstores:[\s\S]*?\nexports:/, '\nexports:');
    expect(problemsOf(text).filter((line) => !line.includes('connections.vault'))).toEqual([]);
  });

  it.each([
    [
      'an unknown connection',
      OURS.replace('people', 'peple'),
      'exports.audit.connection: there is no connection "peple"; did you mean "people"?',
    ],
    [
      'a connection to a vault',
      OURS.replace('people', 'vault'),
      'exports.audit.connection: "vault" is a vault, which holds no people and groups; name a directory',
    ],
    [
      'a schedule that its own alarm does not wait for',
      OURS.replace('rate(1 hour)', 'rate(2 days)'),
      'exports.audit.schedule: can leave more than alarmAfterHours: 24 between two runs; write alarmAfterHours: 50, or run more often',
    ],
    [
      'a schedule that no alarm waits for',
      OURS.replace('rate(1 hour)', 'rate(30 days)'),
      'exports.audit.schedule: can leave more than alarmAfterHours: 24 between two runs; run more often, such as rate(1 hour)',
    ],
    [
      'a time of day that is none',
      `${OURS}, resweep: { at: '24:00' }`,
      'exports.audit.resweep.at: is not valid; use a time of day in UTC, such as 03:00',
    ],
    ['files that are deleted before the re-sweep', `${OURS}, keepDays: 31`, 'exports.audit.keepDays: '],
    ['an alarm that is later than a week', `${OURS}, alarmAfterHours: 169`, 'exports.audit.alarmAfterHours: '],
  ])('is refused with %s', (_what, rule, problem) => {
    const problems = problemsOf(textWith(rule)).filter((line) => line.includes('exports.'));
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });
});

import { describe, expect, it } from 'vitest';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

/** The configuration with a rotation behind its sync, whose schedule is the last line of the sync. */
const rotating = (rule: string, name = 'weekly', more = '') =>
  problemsOf(`${configWith().trimEnd()}\nrotations:\n  ${name}: { connection: vault${rule} }\n${more}`);

describe('a checkout that ends with a rotation', () => {
  const NAMED = 'people: { type: password-safe, url: ';
  const SIGN_IN = 'authentication: { type: oauth, bootstrapSecret: bootstrap/vault } }';
  const withRotate = (rotate: string, connection = 'vault', rule = '') => {
    const url = `https://${connection === 'people' ? 'PAM' : 'other'}.example.com/BeyondTrust/api/public/v3`;
    const second = connection === 'vault' ? '' : `\n  ${NAMED.replace('people', connection)}${url}, ${SIGN_IN}`;
    const text = configWith({ 7: `      bootstrapSecret: bootstrap/vault${second}` });
    const checkout = `connection: ${connection}, stores: [aws], name: 'tickets/{checkoutId}/{systemName}/{accountName}'`;
    return problemsOf(
      `${text}\nrotations:\n  weekly: { connection: vault${rule} }\ncheckouts:\n  tickets: { ${checkout}, rotate: ${rotate} }\n`,
    );
  };

  it('can use another connection to the same vault', () => {
    expect(withRotate('weekly')).toEqual([]);
    expect(withRotate('weekly', 'people')).toEqual([]);
  });

  it.each<[what: string, problems: string[], problem: string]>([
    ['is unknown', withRotate('weekl'), 'there is no rotation "weekl"; did you mean "weekly"?'],
    ['is of another vault', withRotate('weekly', 'other'), 'another vault; name a rotation with connection: other'],
    [
      'is for emergencies',
      withRotate('weekly', 'vault', ', emergency: true, senders: [AROA1234567890EXAMPLE], budget: 9'),
      'is for emergencies; name a rotation without emergency: true',
    ],
    [
      'changes items of another source',
      withRotate('weekly', 'vault', ', source: pairs, undelivered: true'),
      'name a rotation with source: accounts, or remove rotate',
    ],
  ])('is refused if the rotation %s', (_what, problems, problem) => {
    expect(problems).toEqual([expect.stringMatching(/checkouts\.tickets\.rotate: /)]);
    expect(problems[0]).toContain(problem);
  });

  it('alone may start a rotation in its report', () => {
    const mayStart = (rule: Record<string, unknown>) =>
      checkoutSteps.report.grants(aCheckoutConfig(rule)).some(({ to }) => to === 'runs');
    expect([mayStart({}), mayStart({ rotate: 'weekly' })]).toEqual([false, true]);
  });
});

describe('a rotation', () => {
  it('may be for emergencies, with senders and a budget', () => {
    expect(rotating(', emergency: true, senders: [AROA1234567890EXAMPLE, AIDA1234567890EXAMPLE], budget: 9')).toEqual(
      [],
    );
  });

  it('needs only a connection', () => {
    expect(rotating('')).toEqual([]);
    expect(rotating(', maxAgeDays: 8, schedule: { expression: rate(7 days) }')).toEqual([]);
  });

  it.each([
    [
      'an unknown connection to change with',
      ', with: valt',
      'with: there is no connection "valt"; did you mean "vault"?',
    ],
    ['a source that cannot rotate', ', source: secrets-safe', 'source: '],
    [
      'a canary larger than a wave',
      ', canary: 5, size: 4',
      'canary: is larger than a wave; write canary: 4, or raise size',
    ],
    [
      'a maximum age that its own schedule exceeds',
      ', maxAgeDays: 7, schedule: { expression: rate(7 days) }',
      'maxAgeDays: is not longer than the time between two rotations of the schedule; write maxAgeDays: 8 or more',
    ],
    [
      'a maximum age that a monthly schedule exceeds',
      ', maxAgeDays: 31, schedule: { expression: cron(0 2 1 * ? *) }',
      'maxAgeDays: is not longer than the time between two rotations of the schedule; write maxAgeDays: 32 or more',
    ],
    ['a window without a schedule', ', window: { hours: 4 }', 'window: applies only to scheduled starts'],
    ['no canary', ', canary: 0', 'canary: '],
    [
      'a threshold with a misspelt key',
      ', threshold: { percents: 2 }',
      'threshold.percents: is not a known key; did you mean "percent"?',
    ],
    [
      'two thresholds',
      ', threshold: { percent: 2, count: 3 }',
      'threshold.percent: does not go with "count"; remove one of the two',
    ],
    ['a threshold of nothing', ', threshold: { count: 0 }', 'threshold'],
    [
      'an emergency that everyone may start',
      ', emergency: true, budget: 9',
      'senders: is missing; name who may start the emergency: senders: [AROA1234567890EXAMPLE]',
    ],
    [
      'an emergency without a budget',
      ', emergency: true, senders: [AROA1234567890EXAMPLE]',
      'budget: is missing; write the most accounts of one message: budget: 500',
    ],
    [
      'an emergency on a schedule',
      ', emergency: true, senders: [AROA1234567890EXAMPLE], budget: 9, schedule: { expression: rate(1 day) }',
      'schedule: does not go with emergency: true',
    ],
    [
      'a sender by its ARN',
      ", senders: ['arn:aws:iam::111122223333:role/desk']",
      'senders[0]: is not valid; use the unique id',
    ],
  ])('is refused with %s', (_what, rule, problem) => {
    const problems = rotating(rule);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`rotations.weekly.${problem}`);
  });

  it('is refused under the name of a sync', () => {
    expect(rotating('', 'fleet')).toEqual([
      expect.stringContaining('rotations.fleet: has the same name as a sync; rename it'),
    ]);
  });

  it('changes credentials by a connection to the same vault only', () => {
    const changingAt = (host: string) =>
      problemsOf(
        `${configWith().replace(
          'stores:',
          `  changer:\n    type: password-safe\n    url: https://${host}/BeyondTrust/api/public/v3\n    authentication: { type: oauth, bootstrapSecret: bootstrap/changer }\nstores:`,
        )}\nrotations:\n  weekly: { connection: vault, with: changer }\n`,
      );
    expect(changingAt('PAM.example.com')).toEqual([]);
    expect(changingAt('other.example.com')).toEqual([
      expect.stringMatching(/rotations\.weekly\.with: connection "changer" has another url than "vault"/),
    ]);
  });

  it('is refused if no sync delivers its items, unless it says so', () => {
    const text = configWith({ 13: '    connection: other' }).replace(
      'stores:',
      '  other:\n    type: password-safe\n    url: https://other.example.com/BeyondTrust/api/public/v3\n    authentication: { type: oauth, bootstrapSecret: bootstrap/other }\nstores:',
    );
    const problems = (rule: string) =>
      problemsOf(`${text.trimEnd()}\nrotations:\n  weekly: { connection: vault${rule} }\n`);
    expect(problems('')).toEqual([expect.stringContaining('no sync delivers items of "accounts" from "vault"')]);
    expect(problems(', undelivered: true')).toEqual([]);
  });
});

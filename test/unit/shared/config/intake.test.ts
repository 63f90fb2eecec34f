import { describe, expect, it } from 'vitest';
import { aConfig, parseShapeOf } from '#test/support/configs.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const ROLE = 'arn:aws:iam::111122223333:role/ticket-system';
const ID = 'AROA1234567890EXAMPLE';

const problemsWith = (...senders: string[]): string[] =>
  problemsOf(`${configWith({})}\nintake:\n  senders:\n${senders.map((sender) => `    - ${sender}`).join('\n')}`).map(
    (problem) => problem.replace(/^relay\.yaml:\d+:\d+ /, ''),
  );

describe('a sender of messages', () => {
  it('is a role and the id that messages carry, and may release only its own checkouts by default', () => {
    expect(problemsWith(`{ role: '${ROLE}', id: ${ID} }`)).toEqual([]);
    const { intake } = parseShapeOf({ ...aConfig(), intake: { senders: [{ role: ROLE, id: ID }] } });
    expect(intake?.senders).toEqual([{ role: ROLE, id: ID, mayRelease: false }]);
  });

  it.each([
    ['no id', `{ role: '${ROLE}' }`, 'intake.senders[0].id: is missing'],
    ['the ARN alone, as earlier versions had it', `'${ROLE}'`, 'intake.senders[0]: must be a map'],
    [
      'an id that is not of a role',
      `{ role: '${ROLE}', id: AIDA1234567890EXAMPLE }`,
      'intake.senders[0].id: is not valid; use the unique id of the role: aws iam get-role --role-name ROLE --query Role.RoleId',
    ],
    [
      'a session name after its id',
      `{ role: '${ROLE}', id: '${ID}:session' }`,
      'intake.senders[0].id: is not valid; use the unique id of the role',
    ],
    [
      'a user',
      `{ role: 'arn:aws:iam::111122223333:user/alice', id: ${ID} }`,
      'intake.senders[0].role: is not valid; use the ARN of a role',
    ],
  ])('is refused with %s', (_what, sender, problem) => {
    expect(problemsWith(sender)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['role', `{ role: '${ROLE}', id: AROA1234567890ANOTHER }`],
    ['id', `{ role: '${ROLE}-2', id: ${ID} }`],
  ])('is listed once, because the same %s twice would be ambiguous', (_what, other) => {
    expect(problemsWith(`{ role: '${ROLE}', id: ${ID}, mayRelease: true }`, other)).toEqual([
      expect.stringContaining('list each role once, with its own id'),
    ]);
  });
});

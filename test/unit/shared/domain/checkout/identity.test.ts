import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { principalOf } from '#shared/domain/checkout/principal.ts';
import { identityOf } from '#test/support/checkouts.ts';

const identity = fc.record({
  checkout: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  id: fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,47}$/),
  principal: fc.record({ kind: fc.constant('aws' as const), id: fc.stringMatching(/^AROA[A-Z0-9]{12,17}$/) }),
  opening: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
});

describe('the run of a checkout', () => {
  it('is different for every other rule, id, sender and opening, and contains no text of the sender', () => {
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        const differs = JSON.stringify(one) !== JSON.stringify(other);
        expect(checkoutRun(one) !== checkoutRun(other)).toBe(differs);
        expect(checkoutRun(one)).toMatch(/^[a-z][a-z0-9-]{0,30}\.[0-9a-f]{40}$/);
      }),
    );
  });

  it.each([
    ['rule', { checkout: 'consoles' }],
    ['id', { id: 'CHG10' }],
    ['sender', { principal: { kind: 'aws' as const, id: 'AROA1234567890OTHER0' } }],
    ['opening', { opening: '2027-04-05T00:00:00.000Z' }],
  ])('is different for another %s', (_what, more) => {
    expect(checkoutRun({ ...identityOf('CHG1'), ...more })).not.toBe(checkoutRun(identityOf('CHG1')));
  });

  it('depends on these alone, in every process', () => {
    const { principal, id, opening, checkout } = identityOf('CHG1');
    const hash = createHash('sha256')
      .update(`["${principal.kind}","${principal.id}","${id}","${opening}"]`)
      .digest('hex');
    expect(checkoutRun(identityOf('CHG1'))).toBe(`${checkout}.${hash.slice(0, 40)}`);
  });
});

describe('the principal of a sender', () => {
  it.each([
    ['a role in a session', 'AROA1234567890EXAMPLE:session', 'AROA1234567890EXAMPLE'],
    ['a session whose name has a colon', 'AROA1234567890EXAMPLE:a:b', 'AROA1234567890EXAMPLE'],
    ['a user', 'AIDA1234567890EXAMPLE', 'AIDA1234567890EXAMPLE'],
  ])('is %s without its session', (_what, senderId, id) => {
    expect(principalOf(senderId)).toEqual({ kind: 'aws', id });
  });

  it.each(['', ':session', 'A'.repeat(129)])('is unknown if SQS sends none: %j', (senderId) => {
    expect(principalOf(senderId)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { messageOf } from '#shared/runtime/caught.ts';

describe('an error that Step Functions caught', () => {
  it.each([
    ['with the message in its cause', JSON.stringify({ errorMessage: 'Ask for less.' }), 'Ask for less.'],
    ['with its escapes decoded', JSON.stringify({ errorMessage: 'db\\u{A}01' }), 'db\n01'],
    ['with a cause that is not JSON', 'The function timed out', 'see the execution.'],
    ['with a cause without a message', '{"errorMessage":7}', 'see the execution.'],
    ['without a cause', undefined, 'see the execution.'],
  ])('is reported %s', (_what, Cause, told) => {
    expect(messageOf({ Error: 'CheckoutRefused', Cause })).toBe(`CheckoutRefused: ${told}`);
  });
});

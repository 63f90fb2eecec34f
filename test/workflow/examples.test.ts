import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALL_EXAMPLES } from '#examples/support/all.ts';
import { PAGE, renderPage } from '#examples/support/page.ts';
import { type Example, perform } from '#examples/support/stage.ts';

/** Throws while its window is still open. */
const leftEarly: Example = {
  name: 'retrieve-a-password',
  roles: ['requestor'],
  async run({ send, delivered }) {
    await send({
      type: 'checkout.requested',
      checkout: 'passwords',
      id: 'LEFT',
      items: [{ systemName: 'db-0002', accountName: 'admin' }],
      window: { minutes: 30 },
      reason: 'Replace a disk',
    });
    await delivered('passwords/LEFT/db-0002/admin');
    throw new Error('It failed.');
  },
};

describe('the examples', () => {
  let result: Awaited<ReturnType<typeof perform>>;
  beforeAll(async () => {
    result = await perform([...ALL_EXAMPLES, leftEarly]);
  }, 120_000);

  it('follow the documented sequences, deliver the right values, and leave nothing open', () => {
    const performances = result.performances.slice(0, -1);
    expect(performances.flatMap(({ broken }) => broken)).toEqual([]);
  });

  it('match their page; npm run examples -- --write updates it', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(renderPage(result.performances.slice(0, -1)));
  });

  it('report each violation', () => {
    expect(result.performances.at(-1)?.broken).toEqual([
      'It failed.',
      'The documented call PUT <base>/Requests/{requestId}/Checkin is missing or out of order.',
      'The documented call POST <base>/Auth/Signout is missing or out of order.',
      'Still open: requests in the vault: 1.',
      'Still open: secrets of the checkout: 1.',
    ]);
    expect(result.broken).toEqual(['1 requests are still open at the vault.']);
  });
});

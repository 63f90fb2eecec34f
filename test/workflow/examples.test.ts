import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALL_EXAMPLES } from '#examples/support/all.ts';
import { PAGE, renderPage } from '#examples/support/page.ts';
import { type Example, perform } from '#examples/support/stage.ts';

/** Goes away while its window is still open. */
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
      reason: 'Nobody remembers',
    });
    await delivered('passwords/LEFT/db-0002/admin');
    throw new Error('It had enough.');
  },
};

describe('the examples', () => {
  let came: Awaited<ReturnType<typeof perform>>;
  beforeAll(async () => {
    came = await perform([...ALL_EXAMPLES, leftEarly]);
  }, 120_000);

  it('hold the documented sequences, deliver what is right, and leave nothing open', () => {
    const performances = came.performances.slice(0, -1);
    expect(performances.flatMap(({ broken }) => broken)).toEqual([]);
  });

  it('are what their page shows; npm run examples -- --write writes it', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(renderPage(came.performances.slice(0, -1)));
  });

  it('are told by what they break', () => {
    expect(came.performances.at(-1)?.broken).toEqual([
      'It had enough.',
      'The documented call PUT <base>/Requests/{requestId}/Checkin is not made, or not in its place.',
      'The documented call POST <base>/Auth/Signout is not made, or not in its place.',
      'Left open: requests in the vault: 1.',
      'Left open: secrets of the checkout: 1.',
    ]);
    expect(came.broken).toEqual(['1 requests are still open at the vault.']);
  });
});

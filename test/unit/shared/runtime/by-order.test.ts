import { describe, expect, it } from 'vitest';
import { byOrder } from '#shared/runtime/by-order.ts';
import { aCheckoutRun, anOrder } from '#test/support/checkouts.ts';
import { aRun } from '#test/support/configs.ts';

const context = { getRemainingTimeInMillis: () => 1000 };
const which = byOrder({ sync: async () => 'sync' as const, checkout: async () => 'checkout' as const });

describe('a step that two workflows have', () => {
  it.each([
    ['checkout', 'the order of a checkout', { ...aCheckoutRun, order: anOrder() }],
    ['checkout', 'the order of a release', aCheckoutRun],
    ['sync', 'the order of a sync', aRun()],
    ['sync', 'a batch of a sync', { ...aRun(), batch: 3 }],
    ['sync', 'what is neither, which its contract refuses', { order: { checkout: 7 } }],
    ['sync', 'nothing', undefined],
  ])('is taken as that of a %s by %s', async (workflow, _what, event) => {
    expect(await which(event, context)).toBe(workflow);
  });

  it('is told what the handler is told', async () => {
    const seen: unknown[] = [];
    const handler = async (...args: unknown[]) => {
      seen.push(args);
    };
    await byOrder({ sync: handler, checkout: handler })(aCheckoutRun, context);
    expect(seen).toEqual([[aCheckoutRun, context]]);
  });
});

import { createHash } from 'node:crypto';
import { expect, vi } from 'vitest';
import { CANARY, collect, RECOVERY_DAYS, refusalOf, type StoreScene, textOf } from './store-scene.ts';

/** Generations whose values are searched for. */
const GENERATIONS = 8;

/** Texts that tell a value: a part of it as it is and in base64, at each position, and unsalted hashes of it. */
const tracesOf = (value: string): string[] => {
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + CANARY)
      .toString('base64')
      .slice(4, 12),
  );
  const hashes = ['sha1', 'sha256', 'sha512', 'md5'].flatMap((algorithm) =>
    (['hex', 'base64', 'base64url'] as const).map((form) => createHash(algorithm).update(value).digest(form)),
  );
  return [CANARY, Buffer.from(CANARY).toString('hex'), ...encoded, ...hashes];
};

/** Part of the store suite: no value outside of the values. Its last test looks at all that the others have left. */
export const describeCanaries = ({ site, aSecret, group, check }: StoreScene): void => {
  group('a delivered value', () => {
    check('is printed by no operation, nor readable beside the values', async ({ skip }) => {
      const printed: string[] = [];
      const note = (...texts: readonly unknown[]) => printed.push(texts.map(String).join(' '));
      const channels = [
        ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((level) => vi.spyOn(console, level)),
        vi.spyOn(process.stdout, 'write').mockReturnValue(true),
        vi.spyOn(process.stderr, 'write').mockReturnValue(true),
      ];
      for (const channel of channels) channel.mockImplementation((...texts: readonly unknown[]) => note(...texts) > 0);
      try {
        const { name, owner, store, delivery, deliver } = aSecret();
        await deliver(1, 'absent');
        await deliver(2, 1);
        await refusalOf(site().connect(`${owner}-other`).deliver(delivery(3, 'absent')));
        await collect(store);
        await store.retire(name, RECOVERY_DAYS);
      } finally {
        for (const channel of channels) channel.mockRestore();
      }
      const { everythingVisible } = site();
      const visible = printed.join('\n') + ((await everythingVisible?.()) ?? '');
      const traces = Array.from({ length: GENERATIONS }, (_, generation) => tracesOf(textOf(generation))).flat();
      expect(traces.filter((trace) => visible.includes(trace))).toEqual([]);
      if (everythingVisible === undefined) skip('the bench does not show the text of the store');
    });
  });
};

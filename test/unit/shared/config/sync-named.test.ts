import { describe, expect, it } from 'vitest';
import { syncNamed } from '#shared/config/sync-named.ts';
import { syncsOf } from '#test/support/configs.ts';

describe('a sync by its name', () => {
  const syncs = syncsOf({ batchSize: 7 });

  it('is the one that was deployed', () => expect(syncNamed(syncs, 'databases').batchSize).toBe(7));

  it.each(['database', '', 'toString', '__proto__'])('is refused as %j, with the names that there are', (name) => {
    expect(() => syncNamed(syncs, name)).toThrow(/There is no sync .* Start one of: databases\./);
  });
});

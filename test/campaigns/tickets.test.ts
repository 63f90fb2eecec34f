import { expect, it } from 'vitest';
import { LIVES } from '#local/tickets/lives.ts';
import { playTickets } from '#local/tickets/play.ts';
import { startWorld } from '#local/world.ts';

it('every life of a change has its access at every moment, and leaves none', async () => {
  const world = await startWorld({
    accounts: 40,
    seed: 5,
    waitScale: 0,
    takesTickets: true,
    configure: (config) => config.deleteIn(['syncs']),
  });
  try {
    const { figures, broken } = await playTickets(world, LIVES, () => {});
    expect(broken).toEqual([]);
    expect(figures).toEqual({ opened: 12, closed: 12, refused: 3, leftOpen: 0 });
    expect([world.vault.openRequests(), world.vault.openSessions(), await world.findLeaks()]).toEqual([[], [], []]);
  } finally {
    await world.close();
  }
});

import { expect, it } from 'vitest';
import type { AllLeases } from '#shared/connections/all-leases.ts';
import { openRelaySite } from './relay-site.ts';
import { RULE } from './site.ts';

const HOUR_MS = 3_600_000;

it('a check-out of another user is found, looked at again, and ended by force', async () => {
  const { simulator, vault, clock } = await openRelaySite();
  const accounts = simulator.accounts();
  // The report names accounts only.
  const free = accounts.find(
    ({ type, heldBy, name, groupId }) =>
      type === 'username_password' &&
      groupId !== null &&
      heldBy.length === 0 &&
      accounts.filter((other) => other.name === name).length === 1,
  );
  if (free === undefined) throw new Error('The site has no free account.');
  simulator.checkOutAs('dana', free.id);
  clock.now += 30 * HOUR_MS;
  await vault.session(async (session) => {
    const leases: AllLeases | undefined = session.allLeases?.(RULE);
    if (leases === undefined) throw new Error('The site does not show all check-outs.');
    const { open } = await leases.openedBefore(new Date(clock.now - 24 * HOUR_MS).toISOString());
    const lease = open.find(({ item }) => item.ref.id === String(free.id));
    if (lease === undefined) throw new Error('The check-out is not found.');
    const calls = simulator.audit.length;
    expect(await leases.current(lease.item)).toMatchObject({ state: 'open', lease: { since: lease.since, others: 0 } });
    // The page and the events of the account, whatever the number of accounts.
    expect(simulator.audit.length - calls).toBe(2);
    simulator.changeAccount(free.id, { name: 'renamed' });
    expect(await leases.current(lease.item)).toMatchObject({ state: 'unknown' });
    simulator.changeAccount(free.id, { name: free.name });
    await leases.end(lease.item);
    clock.now += 60_000;
    expect(await leases.current(lease.item)).toEqual({ state: 'none' });
  });
});

import { expect, it, vi } from 'vitest';
import { createTunnels } from '#shared/http/tunnels.ts';
import { Secret } from '#shared/secret.ts';

it('connections that the proxy rejects together read the changed credentials once', async () => {
  const read = vi
    .fn(async () => ({ username: 'relay', password: new Secret<string>('canary: renewed') }))
    .mockResolvedValueOnce({ username: 'relay', password: new Secret<string>('canary: old') });
  const proxy = { url: 'http://127.0.0.1:9', credentials: { secret: 'bootstrap/proxy', read } };
  const tunnels = await createTunnels({ proxy, tls: {}, connectMs: 1000 });
  const connections = Array.from({ length: 16 }, () => tunnels.open());
  for (const connection of connections) tunnels.confirm(connection);
  const renewed = await Promise.all(connections.map((connection) => tunnels.renew(connection)));
  expect(renewed).toEqual(connections.map(() => true));
  expect(read).toHaveBeenCalledTimes(2);
  const unproven = tunnels.open();
  expect(await tunnels.renew(unproven)).toBe(false);
  await Promise.all([...connections, unproven].map((connection) => connection.close()));
});

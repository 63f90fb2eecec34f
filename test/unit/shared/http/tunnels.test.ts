import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTunnels } from '#shared/http/tunnels.ts';
import { Secret } from '#shared/secret.ts';

/** Connections that the proxy accepted until the credentials changed. */
const rejected = async (count: number) => {
  const read = vi
    .fn(async () => ({ username: 'relay', password: new Secret<string>('canary: renewed') }))
    .mockResolvedValueOnce({ username: 'relay', password: new Secret<string>('canary: old') });
  const proxy = { url: 'http://127.0.0.1:9', credentials: { secret: 'bootstrap/proxy', read } };
  const tunnels = await createTunnels({ proxy, tls: {}, connectMs: 600_000 });
  const open = () => {
    const connection = tunnels.open();
    onTestFinished(() => connection.close());
    return connection;
  };
  const connections = Array.from({ length: count }, open);
  for (const connection of connections) tunnels.confirm(connection);
  const renewals = connections.map((connection) => tunnels.renew(connection));
  return { tunnels, read, open, renewals };
};

describe('connections that the proxy rejects together', () => {
  it('read the changed credentials once, and go on when one of them was accepted', async () => {
    const { tunnels, read, open, renewals } = await rejected(16);
    expect(await renewals[0]).toBe(true);
    expect(await Promise.race([...renewals.slice(1), 'all others wait'])).toBe('all others wait');
    tunnels.confirm(open());
    expect(await Promise.all(renewals)).toEqual(renewals.map(() => true));
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('try wrong credentials once, because a proxy can lock its user', async () => {
    const { tunnels, open, renewals } = await rejected(16);
    expect(await renewals[0]).toBe(true);
    expect(await tunnels.renew(open())).toBe(false);
    expect(await Promise.all(renewals.slice(1))).toEqual(renewals.slice(1).map(() => false));
  });
});

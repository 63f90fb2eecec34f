import { once } from 'node:events';
import { createServer } from 'node:net';
import { UsageError } from './arguments.ts';

/** Checks that a port of the loopback address is free, by listening on it for a moment. */
const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  );
  const free = await listening;
  if (free) await server[Symbol.asyncDispose]();
  return free;
};

/**
 * Checks the ports of the sandbox before anything is made: the given one for Password Safe, the next ones for AWS,
 * OpenBao, PRA and SecretSafe.
 * @throws UsageError if one of them is in use, with the command that chooses others.
 */
export const requirePorts = async (port: number): Promise<void> => {
  const all = [port, port + 1, port + 2, port + 3, port + 4];
  const free = await Promise.all(all.map(isFree));
  const taken = all.filter((_, index) => free[index] !== true);
  if (taken.length === 0) return;
  const offer = port + 10 > 65_531 ? 8443 : port + 10;
  throw new UsageError(
    `--port ${port} needs five ports, ${port} for Password Safe, ${port + 1} for AWS, ${port + 2} for OpenBao, ${port + 3} for PRA ` +
      `and ${port + 4} for SecretSafe, but ${taken.join(' and ')} ` +
      `${taken.length === 1 ? 'is' : 'are'} not free. Choose another, for example: npm run sandbox -- --port ${offer}`,
  );
};

import { Worker } from 'node:worker_threads';
import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { ClientAnswer, ClientName, ClientOrder } from './children/client.ts';

/**
 * Runs a client over all accounts and returns the duration. The client has its own thread, like the functions.
 * @throws if it does not read every credential.
 */
export const runClient = async (
  client: ClientName,
  vault: PasswordSafeSimulator,
  accounts: ClientOrder['accounts'],
  inFlight: number,
): Promise<ClientAnswer> => {
  const { url, caPem } = vault;
  const order: ClientOrder = {
    client,
    url,
    caPem,
    inFlight,
    accounts: accounts.map(pickNames),
    ...DEFAULT_APPLICATION,
  };
  const worker = new Worker(new URL('./children/client.ts', import.meta.url), { workerData: order });
  const { promise, resolve, reject } = Promise.withResolvers<ClientAnswer>();
  worker.once('message', resolve).once('error', reject);
  try {
    return await promise;
  } finally {
    await worker.terminate();
  }
};

const pickNames = ({ systemId, accountId, systemName, accountName }: ClientOrder['accounts'][number]) => ({
  systemId,
  accountId,
  systemName,
  accountName,
});

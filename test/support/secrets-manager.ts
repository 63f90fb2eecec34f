import { createServer, type Server } from 'node:http';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  createSecretsManager,
  type SecretsManager,
  type SecretsManagerOptions,
} from '#local/aws/secrets-manager/server.ts';

export interface RunningSecretsManager {
  readonly manager: SecretsManager;
  /** A client of its own; `caller` is the access key id that calls and faults know it by. */
  connect(caller?: string): SecretsManagerClient;
  close(): Promise<void>;
}

/** The local Secrets Manager behind HTTP on a free port of 127.0.0.1. */
export const startSecretsManager = async (options: SecretsManagerOptions = {}): Promise<RunningSecretsManager> => {
  const manager = createSecretsManager(options);
  const server = createServer((request, response) => void manager.http(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  const clients: SecretsManagerClient[] = [];
  return {
    manager,
    connect: (caller = 'relay') => {
      const client = new SecretsManagerClient({
        endpoint: `http://127.0.0.1:${port}`,
        region: options.region ?? 'eu-central-1',
        credentials: { accessKeyId: caller, secretAccessKey: 'unused' },
        maxAttempts: 1,
      });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port.');
  return address.port;
};

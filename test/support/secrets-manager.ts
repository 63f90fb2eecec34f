import { createServer, type Server } from 'node:http';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { answerRequest } from '#local/aws/secrets-manager/http.ts';
import {
  createSecretsManager,
  type SecretsManager,
  type SecretsManagerOptions,
} from '#local/aws/secrets-manager/server.ts';

export interface RunningSecretsManager {
  readonly manager: SecretsManager;
  /** Returns a new client. `caller` is the access key id that identifies it in calls and faults. */
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

export interface InProcessOptions {
  readonly caller?: string;
  /** Default: the region of the server. */
  readonly region?: string;
  /** Awaited before each call, so that a test can delay it. */
  readonly gate?: () => Promise<void>;
  /** Makes each call, or breaks it before or after its effect. */
  readonly around?: <Answer>(send: () => Promise<Answer>) => Promise<Answer>;
  /** Changes every text value on its way to the server. */
  readonly garbles?: boolean;
  /** Request fields to drop, like a server that does not support them. */
  readonly ignoredFields?: readonly string[];
}

/** Connects the SDK's client to a local Secrets Manager without a socket. */
export const connectInProcess = (manager: SecretsManager, options: InProcessOptions = {}): SecretsManagerClient =>
  new SecretsManagerClient({
    endpoint: 'http://127.0.0.1',
    region: options.region ?? 'eu-central-1',
    credentials: { accessKeyId: options.caller ?? 'relay', secretAccessKey: 'unused' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { method: string; headers: Record<string, string>; body: Uint8Array }) => {
        await options.gate?.();
        const asked = withoutFields(new TextDecoder().decode(request.body), options.ignoredFields ?? []);
        const body = options.garbles ? asked.replace('"SecretString":"', '$&x') : asked;
        const send = async () =>
          answerRequest(manager.handle, { method: request.method, headers: request.headers, body });
        const answer = await (options.around?.(send) ?? send());
        const response = { statusCode: answer.status, headers: answer.headers, body: Buffer.from(answer.body) };
        return { response };
      },
    },
  });

const withoutFields = (body: string, fields: readonly string[]): string =>
  JSON.stringify(JSON.parse(body), (key, value: unknown) => (fields.includes(key) ? undefined : value));

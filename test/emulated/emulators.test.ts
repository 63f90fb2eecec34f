import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { startMinistack, startMoto } from './support/emulators.ts';

describe.each([
  ['ministack', startMinistack],
  ['moto', startMoto],
])('%s', (_name, start) => {
  it('starts empty on the loopback interface, and stops when closed', async () => {
    const emulator = await start();
    try {
      const client = new SecretsManagerClient({
        endpoint: emulator.endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      });
      expect((await client.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    } finally {
      await emulator.close();
    }
    await expect(fetch(emulator.endpoint)).rejects.toThrow();
  });
});

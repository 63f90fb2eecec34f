import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newCanary } from '#local/simulators/password-safe/credential-shapes.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';

const SEED = 'JBSWY3DPEHPK3PXP';
const BOOTSTRAP = 'bootstrap/vault';
const CERTIFICATE = 'bootstrap/vault-certificate';
const AUTHENTICATION = ['connections', NAMES.connection, 'authentication'];

const { apiKey, userName } = DEFAULT_APPLICATION;
const password = newCanary();

/** A registration that requires every factor at once; the certificate by renegotiation, as IIS does. */
const DEMANDING = {
  ...DEFAULT_APPLICATION,
  apiKey: { ...apiKey, password, clientCertificateRequired: true },
  secondFactor: { type: 'totp', seed: SEED },
} as const;

interface Factors {
  readonly key: string;
  readonly password: string;
}

/** Writes the factors into the bootstrap secrets, as an operator does. */
const put = async (world: World, { key, password }: Factors): Promise<void> => {
  const passphrase = newCanary();
  const { pkcs12 } = await world.vault.issueClientCertificate(passphrase);
  const contents = {
    [BOOTSTRAP]: { apiKey: key, runAs: userName, password, totpSeed: SEED },
    [CERTIFICATE]: { pkcs12Base64: pkcs12.toString('base64'), passphrase },
  };
  for (const [name, content] of Object.entries(contents)) {
    world.aws.secretsManager.handle('PutSecretValue', {
      SecretId: name,
      ClientRequestToken: crypto.randomUUID(),
      SecretString: JSON.stringify(content),
    });
  }
};

describe('a sync that signs in by key, password, code and certificate', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 12,
      seed: 3,
      users: [DEMANDING],
      configure: (config) => {
        config.setIn([...AUTHENTICATION, 'type'], 'api-key');
        config.setIn([...AUTHENTICATION, 'clientCertificate'], { secret: CERTIFICATE });
      },
    });
    world.aws.secretsManager.handle('CreateSecret', { Name: CERTIFICATE, ClientRequestToken: crypto.randomUUID() });
    await put(world, { key: apiKey.key, password });
  });
  afterAll(() => world.close());

  it('succeeds in every step, each with its own role, and leaves nothing open', async () => {
    expect((await world.runSync()).status).toBe('SUCCEEDED');
    const signIns = world.vault.audit.filter(({ kind }) => kind === 'signIn').map(({ status }) => status);
    expect(signIns.length).toBeGreaterThanOrEqual(10);
    expect(signIns).toEqual(signIns.map((_, index) => (index % 2 === 0 ? 401 : 200)));
    expect([world.vault.openSessions(), world.vault.openRequests()]).toEqual([[], []]);
  });

  it('uses changed credentials without a deployment', async () => {
    const changed = { key: 'simulated7'.repeat(13).slice(0, 128), password: newCanary() };
    world.vault.changeUser(userName, { apiKey: { ...DEMANDING.apiKey, ...changed } });
    await put(world, changed);
    expect((await world.runSync()).status).toBe('SUCCEEDED');
  });

  it('leaves no credential anywhere but in the store', async () => {
    expect(await world.findLeaks()).toEqual([]);
  });
});

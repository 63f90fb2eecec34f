import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { createAuthority, type IssuedCertificate } from '#local/simulators/certificate.ts';
import { toPkcs12 } from '#local/simulators/password-safe/pkcs12.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { readClientCertificate } from '#shared/connections/client-certificate.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

const NAME = 'pam/certificate';
const PASSPHRASE = 'simulated passphrase';

/** Reads the certificate from a secret with this content; undefined means a missing secret. */
const readFrom = async (content: Uint8Array | string | object | undefined) => {
  const client = connectInProcess(createSecretsManager());
  const value =
    content instanceof Uint8Array
      ? { SecretBinary: content }
      : { SecretString: typeof content === 'string' ? content : JSON.stringify(content) };
  if (content !== undefined) await client.send(new CreateSecretCommand({ Name: NAME, ...value }));
  return readClientCertificate((options) => readOperatorSecret({ client, ...options }), NAME);
};

describe('a client certificate', () => {
  let issued: IssuedCertificate;
  let other: IssuedCertificate;
  let encryptedKey: string | Buffer;
  beforeAll(async () => {
    const authority = await createAuthority('CA');
    issued = await authority.issueClientCertificate('relay');
    other = await authority.issueClientCertificate('other');
    encryptedKey = createPrivateKey(issued.keyPem).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: PASSPHRASE,
    });
  });

  it('is a plain PKCS#12 file, or one in base64 with its passphrase', async () => {
    const open = await toPkcs12(issued, '');
    expect((await readFrom(open)).certificate.form).toBe('pkcs12');
    const locked = (await toPkcs12(issued, PASSPHRASE)).toString('base64');
    const { certificate, versionId } = await readFrom({ pkcs12Base64: locked, passphrase: PASSPHRASE });
    expect([certificate.form, certificate.passphrase?.reveal()]).toEqual(['pkcs12', PASSPHRASE]);
    expect(versionId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is PEM texts, with a plain or an encrypted key', async () => {
    const open = { certificate: issued.certPem, privateKey: issued.keyPem };
    expect((await readFrom(open)).certificate.form).toBe('pem');
    const locked = { certificate: issued.certPem, privateKey: encryptedKey, passphrase: PASSPHRASE };
    expect((await readFrom(locked)).certificate.form).toBe('pem');
  });

  it('does not print its key', async () => {
    const { certificate } = await readFrom({ certificate: issued.certPem, privateKey: issued.keyPem });
    const printed = JSON.stringify(certificate) + inspect(certificate, { depth: null, showHidden: true });
    expect(printed).not.toContain('PRIVATE');
  });

  it.each<[string, () => Promise<Uint8Array | string | object | undefined>, RegExp]>([
    ['does not exist', async () => undefined, /does not exist or has no value.*create-secret/],
    ['is not JSON', async () => 'canary', /is not JSON of a known form/],
    ['is JSON of another kind', async () => ({ clientId: 'canary' }), /is not JSON of a known form/],
    ['is not PKCS#12', async () => Buffer.from('canary'), /cannot be read/],
    ['lacks its passphrase', () => toPkcs12(issued, PASSPHRASE), /cannot be opened with its passphrase/],
    [
      'has a wrong passphrase',
      async () => ({ pkcs12Base64: (await toPkcs12(issued, PASSPHRASE)).toString('base64'), passphrase: 'canary' }),
      /cannot be opened with its passphrase/,
    ],
    [
      'has an encrypted key without its passphrase',
      async () => ({ certificate: issued.certPem, privateKey: encryptedKey }),
      /cannot be opened with its passphrase/,
    ],
    [
      'has the key of another certificate',
      async () => ({ certificate: issued.certPem, privateKey: other.keyPem }),
      /belongs to another certificate/,
    ],
    ['has no certificate', async () => ({ certificate: 'canary', privateKey: issued.keyPem }), /cannot be read/],
  ])('that %s is unusable, and its error describes how to replace it', async (_what, content, message) => {
    const failure = readFrom(await content());
    await expect(failure).rejects.toMatchObject({ name: 'BootstrapUnusable', message: expect.stringMatching(message) });
    await expect(failure).rejects.toThrow(/client certificate pam\/certificate .* aws secretsmanager /);
    await expect(failure).rejects.not.toThrow(/canary|PRIVATE KEY-----\w/);
  });
});

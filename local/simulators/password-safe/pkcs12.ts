import { X509Certificate } from 'node:crypto';
import {
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';
import type { IssuedCertificate } from '../certificate.ts';

const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const INTEGRITY_BY_PASSWORD = 0;
const NO_PRIVACY = 0;
const ITERATIONS = 2048;

const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');

/**
 * Converts a certificate and its key to the site's format: one PKCS#12 (`.pfx`) file, encrypted with a passphrase and
 * AES-256.
 */
export const toPkcs12 = async ({ certPem, keyPem }: IssuedCertificate, passphrase: string): Promise<Buffer> => {
  const password = new TextEncoder().encode(passphrase).buffer;
  const key = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(derOf(keyPem)) });
  await key.makeInternalValues({
    password,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: ITERATIONS,
  });
  const certificate = new CertBag({ parsedValue: Certificate.fromBER(new X509Certificate(certPem).raw) });
  const contents = new SafeContents({
    safeBags: [
      new SafeBag({ bagId: SHROUDED_KEY_BAG, bagValue: key }),
      new SafeBag({ bagId: CERT_BAG, bagValue: certificate }),
    ],
  });
  const safe = new AuthenticatedSafe({
    parsedValue: { safeContents: [{ privacyMode: NO_PRIVACY, value: contents }] },
  });
  await safe.makeInternalValues({ safeContents: [{}] });
  const pfx = new PFX({ parsedValue: { integrityMode: INTEGRITY_BY_PASSWORD, authenticatedSafe: safe } });
  await pfx.makeInternalValues({
    password,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(pfx.toSchema().toBER());
};

import { KeyObject, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its key as PEM texts. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate authority that lives as long as the process. */
export interface Authority {
  /** The CA certificate that clients have to trust. */
  readonly caPem: string;
  /** Issues a server certificate for the loopback address. */
  issueServerCertificate(): Promise<IssuedCertificate>;
  /** Issues a client certificate. */
  issueClientCertificate(name: string): Promise<IssuedCertificate>;
}

cryptoProvider.set(webcrypto);

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const LIFETIME_MS = 365 * 86_400_000;

const LOOPBACK_NAMES = new SubjectAlternativeNameExtension([
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
]);

const makeKeys = () => webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify']);

const pemOf = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

const validity = () => {
  const notBefore = new Date();
  return { notBefore, notAfter: new Date(notBefore.getTime() + LIFETIME_MS) };
};

/**
 * Creates a new CA. Its certificates identify their keys and its key, without which strict clients refuse them: Python
 * 3.13 and later checks certificates strictly by default (RFC 5280, 4.2.1.1).
 */
export const createAuthority = async (name: string): Promise<Authority> => {
  const keys = await makeKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: SIGNING,
    ...validity(),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const issue = async (subject: string, ...extensions: Extension[]): Promise<IssuedCertificate> => {
    const { publicKey, privateKey } = await makeKeys();
    const issued = await X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: ca.subject,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: SIGNING,
      ...validity(),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await SubjectKeyIdentifierExtension.create(publicKey),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    });
    return { certPem: issued.toString('pem'), keyPem: pemOf(privateKey) };
  };
  return {
    caPem: ca.toString('pem'),
    issueServerCertificate: () =>
      issue('localhost', new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]), LOOPBACK_NAMES),
    issueClientCertificate: (subject) => issue(subject, new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])),
  };
};

import { generate } from 'selfsigned';

/** A certificate with its key, PEM texts. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate authority that lives as long as the process. */
export interface Authority {
  /** What has to be trusted. */
  readonly caPem: string;
  /** For the loopback address. */
  issueServerCertificate(): Promise<IssuedCertificate>;
  /** For a caller. */
  issueClientCertificate(name: string): Promise<IssuedCertificate>;
}

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

const LOOPBACK_NAMES: Extensions[number] = {
  name: 'subjectAltName',
  altNames: [
    { type: 2, value: 'localhost' },
    { type: 7, ip: '127.0.0.1' },
  ],
};

const named = (value: string) => [{ name: 'commonName', value }];

/** A fresh CA. */
export const createAuthority = async (name: string): Promise<Authority> => {
  const ca = await generate(named(name), {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const issue = async (subject: string, ...extensions: Extensions): Promise<IssuedCertificate> => {
    const issued = await generate(named(subject), {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: ca.private, cert: ca.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        ...extensions,
      ],
    });
    return { certPem: issued.cert, keyPem: issued.private };
  };
  return {
    caPem: ca.cert,
    issueServerCertificate: () => issue('localhost', { name: 'extKeyUsage', serverAuth: true }, LOOPBACK_NAMES),
    issueClientCertificate: (subject) => issue(subject, { name: 'extKeyUsage', clientAuth: true }),
  };
};

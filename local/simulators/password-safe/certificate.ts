import { generate } from 'selfsigned';

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

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

const LOOPBACK_NAMES: Extensions[number] = {
  name: 'subjectAltName',
  altNames: [
    { type: 2, value: 'localhost' },
    { type: 7, ip: '127.0.0.1' },
  ],
};

const named = (value: string) => [{ name: 'commonName', value }];

/** Creates a new CA. */
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

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Where a configuration comes from, and so where the files that it names are looked for. */
export interface Origin {
  /** Path of the file that holds it: messages begin with it, and relative paths in it start beside it. */
  readonly file: string;
  /** How a named file is read; from disk when left out. Throws when it can't be. */
  readonly readFile?: (path: string) => string;
}

/** The certificates of a CA, or what is wrong with where they should be. */
export type CaResult = { readonly ok: true; readonly pem: string } | { readonly ok: false; readonly message: string };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const isCertificate = (pem: string): boolean => {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
};

/** Nothing but the certificates of a PEM text: a private key that somebody left in the file goes no further. */
const extractCertificates = (pem: string): CaResult => {
  const certificates = pem.match(CERTIFICATE) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate)
    ? { ok: true, pem: `${certificates.join('\n')}\n` }
    : { ok: false, message: 'holds no certificate that can be read; use a PEM file with the certificate of the CA' };
};

/** The PEM text that a `ca` entry means: the entry itself, or the file that it names. Never throws. */
export const readCa = (ca: string, { file, readFile = (path) => readFileSync(path, 'utf8') }: Origin): CaResult => {
  if (ca.includes('-----BEGIN ')) return extractCertificates(ca);
  const path = resolve(dirname(file), ca);
  try {
    return extractCertificates(readFile(path));
  } catch {
    return { ok: false, message: `there is no readable file ${path}; put the CA there or correct the path` };
  }
};

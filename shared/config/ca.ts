import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Origin of a configuration, which its relative file paths are resolved against. */
export interface Origin {
  /** Path of the configuration file. Messages begin with it, and paths in the file are relative to its folder. */
  readonly file: string;
  /** Reads a file that the configuration names; from disk by default. Throws if it cannot be read. */
  readonly readFile?: (path: string) => string;
}

/** Certificates of a CA, or the message about their source. */
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

/** Extracts only the certificates of a PEM text, so that a private key in the same file is not passed on. */
const extractCertificates = (pem: string): CaResult => {
  const certificates = pem.match(CERTIFICATE) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate)
    ? { ok: true, pem: `${certificates.join('\n')}\n` }
    : { ok: false, message: 'contains no readable certificate; use a PEM file with the certificate of the CA' };
};

/** Resolves a `ca` entry to PEM text: the entry itself, or the file it names. Never throws. */
export const readCa = (ca: string, { file, readFile = (path) => readFileSync(path, 'utf8') }: Origin): CaResult => {
  if (ca.includes('-----BEGIN ')) return extractCertificates(ca);
  const path = resolve(dirname(file), ca);
  try {
    return extractCertificates(readFile(path));
  } catch {
    return { ok: false, message: `the file ${path} cannot be read; put the CA there or correct the path` };
  }
};

import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Secret } from '#shared/secret.ts';

/** Proof of identity for a server that asks for a certificate: one PKCS#12 file, or PEM texts. */
export type ClientCertificate =
  | {
      readonly form: 'pkcs12';
      readonly base64: Secret;
      readonly passphrase?: Secret | undefined;
    }
  | {
      readonly form: 'pem';
      /** The certificate, and the intermediate ones up to a CA that the server trusts. */
      readonly certificate: string;
      readonly privateKey: Secret;
      readonly passphrase?: Secret | undefined;
    };

const keyMaterial = (certificate: ClientCertificate): SecureContextOptions =>
  certificate.form === 'pkcs12'
    ? { pfx: Buffer.from(certificate.base64.reveal(), 'base64') }
    : { cert: certificate.certificate, key: certificate.privateKey.reveal() };

/**
 * The certificate as options for Node's TLS. IIS asks for it after it has read the request: by renegotiation in TLS
 * 1.2, which Node supports, or after the handshake in TLS 1.3, which Node does not support. The version is therefore
 * limited to 1.2.
 */
export const tlsOptionsOf = (certificate: ClientCertificate): SecureContextOptions => ({
  ...keyMaterial(certificate),
  ...(certificate.passphrase === undefined ? {} : { passphrase: certificate.passphrase.reveal() }),
  maxVersion: 'TLSv1.2',
});

/** Problems of a certificate by the codes and texts of OpenSSL; the first match applies. */
const PROBLEMS: readonly [message: RegExp, problem: string][] = [
  [/mac verify|bad.decrypt|bad password|interrupted or cancelled/i, 'cannot be opened with its passphrase'],
  [
    /unsupported pkcs12/i,
    'uses an encryption that is no longer supported. Export it with AES-256 (openssl pkcs12 -export)',
  ],
  [/key.values.mismatch/i, 'has a private key that belongs to another certificate'],
];

/** Describes why a certificate cannot be used, without quoting it. Undefined if it can be used. */
export const problemWith = (certificate: ClientCertificate): string | undefined => {
  try {
    createSecureContext(tlsOptionsOf(certificate));
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    return PROBLEMS.find(([message]) => message.test(text))?.[1] ?? 'cannot be read';
  }
};

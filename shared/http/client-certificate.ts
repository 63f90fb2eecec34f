import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Secret } from '#shared/secret.ts';

/** What proves who we are to a server that asks for a certificate: one PKCS#12 file, or PEM texts. */
export type ClientCertificate =
  | {
      readonly form: 'pkcs12';
      readonly base64: Secret;
      readonly passphrase?: Secret | undefined;
    }
  | {
      readonly form: 'pem';
      /** The certificate, and those between it and a CA that the server knows. */
      readonly certificate: string;
      readonly privateKey: Secret;
      readonly passphrase?: Secret | undefined;
    };

const keyMaterial = (certificate: ClientCertificate): SecureContextOptions =>
  certificate.form === 'pkcs12'
    ? { pfx: Buffer.from(certificate.base64.reveal(), 'base64') }
    : { cert: certificate.certificate, key: certificate.privateKey.reveal() };

/**
 * The certificate as Node's TLS takes it. IIS asks for it after it has read the request: by renegotiation in TLS 1.2,
 * which Node answers, or after the handshake in TLS 1.3, which it can not; so 1.2 it is.
 */
export const tlsOptionsOf = (certificate: ClientCertificate): SecureContextOptions => ({
  ...keyMaterial(certificate),
  ...(certificate.passphrase === undefined ? {} : { passphrase: certificate.passphrase.reveal() }),
  maxVersion: 'TLSv1.2',
});

/** What is wrong with a certificate, by the codes and words of OpenSSL; the first that fits. */
const TROUBLES: readonly [sign: RegExp, problem: string][] = [
  [/mac verify|bad.decrypt|bad password|interrupted or cancelled/i, 'is not opened by its passphrase'],
  [
    /unsupported pkcs12/i,
    'is encrypted in a way that is no longer taken: export it with AES-256 (openssl pkcs12 -export)',
  ],
  [/key.values.mismatch/i, 'has a private key that belongs to another certificate'],
];

/** Why a certificate can not be used, in words that hold nothing of it; undefined when it can. */
export const problemWith = (certificate: ClientCertificate): string | undefined => {
  try {
    createSecureContext(tlsOptionsOf(certificate));
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    return TROUBLES.find(([sign]) => sign.test(text))?.[1] ?? 'can not be read';
  }
};

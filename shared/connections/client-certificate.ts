import * as z from 'zod';
import { type OperatorSecret, unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { type ClientCertificate, problemWith } from '#shared/http/client-certificate.ts';
import { Secret } from '#shared/secret.ts';

const secretText = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

const contentSchema = z.union([
  z
    .object({ pkcs12Base64: secretText, passphrase: secretText.optional() })
    .transform(({ pkcs12Base64, passphrase }) => ({ form: 'pkcs12', base64: pkcs12Base64, passphrase }) as const),
  z
    .object({ certificate: z.string().min(1), privateKey: secretText, passphrase: secretText.optional() })
    .transform((content) => ({ form: 'pem', ...content }) as const),
]);

const SHAPE =
  '{"pkcs12Base64": "…", "passphrase": "…"}, or {"certificate": "-----BEGIN CERTIFICATE…", "privateKey": "-----BEGIN PRIVATE KEY…", "passphrase": "…"} (the passphrase only if there is one)';

export interface CertificateReading {
  readonly certificate: ClientCertificate;
  /** Version of the secret; changes with its content. */
  readonly versionId: string;
}

const parse = ({ form, value }: OperatorSecret): ClientCertificate | undefined => {
  if (form === 'base64') return { form: 'pkcs12', base64: value };
  try {
    return contentSchema.safeParse(JSON.parse(value.reveal())).data;
  } catch {
    return undefined;
  }
};

/**
 * Reads the client certificate of a connection from its secret: the bytes of a PKCS#12 file without a passphrase, or
 * JSON with such a file or with PEM texts. Repeatable. Raises `BootstrapUnusable` for a certificate that TLS cannot
 * use, with the command that fixes it, and any error of the store.
 */
export const readClientCertificate = async (
  readSecret: ConnectionContext['readSecret'],
  name: string,
): Promise<CertificateReading> => {
  const options = { name, kind: 'client certificate', shape: SHAPE };
  const secret = await readSecret(options);
  const certificate = parse(secret);
  if (certificate === undefined) throw unusableContent(options, 'is not JSON of a known form');
  const problem = problemWith(certificate);
  if (problem !== undefined) throw unusableContent(options, problem);
  return { certificate, versionId: secret.versionId };
};

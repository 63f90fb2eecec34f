import * as z from 'zod';
import { unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { PROXY_CREDENTIALS_SHAPE } from '#shared/http/proxy-failures.ts';
import type { ProxyCredentials } from '#shared/http/tunnels.ts';
import { Secret } from '#shared/secret.ts';

const contentSchema = z.object({
  username: z
    .string()
    .min(1)
    .refine((name) => !name.includes(':')),
  password: z.string().transform((text) => new Secret(text)),
});

const parse = (text: string): ProxyCredentials | undefined => {
  try {
    return contentSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/**
 * Reads the credentials of a proxy from their secret. Repeatable. Raises `BootstrapUnusable`, with the command that
 * fixes it, and any error of the store.
 */
export const readProxyCredentials = async (
  readSecret: ConnectionContext['readSecret'],
  name: string,
): Promise<ProxyCredentials> => {
  const options = { name, kind: 'secret with the credentials of the proxy', shape: PROXY_CREDENTIALS_SHAPE };
  const { form, value } = await readSecret(options);
  const credentials = form === 'text' ? parse(value.reveal()) : undefined;
  if (credentials !== undefined) return credentials;
  throw unusableContent(options, 'is not JSON with a username, which has no colon, and a password');
};

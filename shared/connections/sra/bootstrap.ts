import * as z from 'zod';
import { unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { Secret } from '#shared/secret.ts';

/** Identity of an API account, with the version of the secret that holds it. */
interface Bootstrap {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly versionId: string;
}

/** Stray spaces and line ends are often copied as well. A colon would end the client id in its header. */
const contentSchema = z.object({
  clientId: z
    .string()
    .trim()
    .min(1)
    .regex(/^[^:]*$/),
  clientSecret: z
    .string()
    .trim()
    .min(1)
    .transform((text) => new Secret(text)),
});

const parse = (text: string) => {
  try {
    return contentSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/**
 * Reads the API account of a connection from its bootstrap secret. Repeatable. Raises `BootstrapUnusable`, with the
 * command that fixes it, and any error of the store.
 */
export const readBootstrap = async (readSecret: ConnectionContext['readSecret'], name: string): Promise<Bootstrap> => {
  const options = { name, kind: 'bootstrap secret', shape: '{"clientId": "…", "clientSecret": "…"}' };
  const { form, value, versionId } = await readSecret(options);
  const content = form === 'text' ? parse(value.reveal()) : undefined;
  if (content !== undefined) return { ...content, versionId };
  throw unusableContent(options, 'is not JSON with a clientId, which has no colon, and a clientSecret');
};

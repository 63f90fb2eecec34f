import * as z from 'zod';
import { unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { Secret } from '#shared/secret.ts';

/** API key of an organization, with the version of the secret that holds it. */
export interface ApiKey {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly versionId: string;
}

const CLIENT_ID = /^organization\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Stray spaces and line ends are often copied as well. */
const contentSchema = z.object({
  clientId: z.string().trim().regex(CLIENT_ID),
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
 * Reads the API key of an organization from the bootstrap secret. Repeatable. Raises `BootstrapUnusable`, with the
 * command that fixes it, and any error of the store.
 */
export const readApiKey = async (readSecret: ConnectionContext['readSecret'], name: string): Promise<ApiKey> => {
  const options = { name, kind: 'bootstrap secret', shape: '{"clientId": "organization.…", "clientSecret": "…"}' };
  const { form, value, versionId } = await readSecret(options);
  const content = form === 'text' ? parse(value.reveal()) : undefined;
  if (content !== undefined) return { ...content, versionId };
  throw unusableContent(options, 'is not JSON with a clientId, which is organization. and an id, and a clientSecret');
};

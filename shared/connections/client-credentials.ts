import * as z from 'zod';
import { unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { Secret } from '#shared/secret.ts';

/** Credentials of an OAuth client, with the version of the secret that holds them. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly versionId: string;
}

/** Client ids of one kind of remote system. */
export interface ClientIds {
  readonly pattern: RegExp;
  /** Example for the command that creates the secret. */
  readonly example: string;
  /** Sentence part that follows "a clientId, which". */
  readonly rule: string;
}

/** Stray spaces and line ends are often copied as well. */
const contentSchema = z.object({
  clientId: z.string().trim().min(1),
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
 * Reads the client credentials of a connection from its bootstrap secret. Repeatable. Raises `BootstrapUnusable`, with
 * the command that fixes it, and any error of the store.
 */
export const readClientCredentials = async (
  readSecret: ConnectionContext['readSecret'],
  name: string,
  { pattern, example, rule }: ClientIds,
): Promise<ClientCredentials> => {
  const options = { name, kind: 'bootstrap secret', shape: `{"clientId": "${example}", "clientSecret": "…"}` };
  const { form, value, versionId } = await readSecret(options);
  const content = form === 'text' ? parse(value.reveal()) : undefined;
  if (content !== undefined && pattern.test(content.clientId)) return { ...content, versionId };
  throw unusableContent(options, `is not JSON with a clientId, which ${rule}, and a clientSecret`);
};

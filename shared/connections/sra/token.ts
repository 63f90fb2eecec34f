import * as z from 'zod';
import { interpretToken } from '#shared/connections/sra/errors.ts';
import { CLOSED_AFTER } from '#shared/connections/sra/wire.ts';
import { json } from '#shared/http/answer.ts';
import type { Http } from '#shared/http/http.ts';
import { formBody } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';

interface TokenRequest {
  readonly http: Http;
  readonly clientId: string;
  readonly clientSecret: Secret;
}

const tokenSchema = z.object({
  access_token: z
    .string()
    .min(1)
    .transform((text) => new Secret(text)),
  expires_in: z.coerce.number().positive(),
});

/**
 * Requests a token for an API account. Each call counts towards the 30 tokens of the account, of which the site ends
 * the oldest. Raises `SignInRefused` if the site refuses the account; not to be repeated, because the site then locks
 * it.
 */
export const requestToken = async ({ http, clientId, clientSecret }: TokenRequest) => {
  const { value } = await http.send({
    method: 'POST',
    path: 'oauth2/token',
    headers: {
      ...CLOSED_AFTER,
      authorization: clientSecret.map((secret) => `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`),
    },
    body: formBody({ grant_type: 'client_credentials' }),
    idempotent: true,
    interpret: interpretToken,
    read: json(tokenSchema),
  });
  return { accessToken: value.access_token, expiresInSeconds: value.expires_in };
};

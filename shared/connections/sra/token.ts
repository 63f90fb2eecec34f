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

/** Sites give an hour. With tokens that live for less than this, almost every call would request one. */
const MIN_LIFETIME_SECONDS = 60;

const tokenSchema = z.object({
  access_token: z
    .string()
    .min(1)
    .transform((text) => new Secret(text)),
  expires_in: z.coerce.number().min(MIN_LIFETIME_SECONDS),
});

/**
 * Requests a token for an API account. Each call counts towards the 30 tokens of the account, of which the site ends
 * the oldest. Not repeatable. Raises `SignInRefused` if the site refuses the account, which it locks after several
 * refusals.
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
    idempotent: false,
    interpret: interpretToken,
    read: json(tokenSchema),
  });
  return { accessToken: value.access_token, expiresInSeconds: value.expires_in };
};

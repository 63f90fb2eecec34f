import { tokenSchema } from '#shared/connections/password-safe/schema.ts';
import { interpretToken } from '#shared/connections/password-safe/sign-in-errors.ts';
import { json } from '#shared/http/answer.ts';
import type { Http } from '#shared/http/http.ts';
import { formBody } from '#shared/http/request.ts';
import type { Secret } from '#shared/secret.ts';

export interface TokenRequest {
  readonly http: Http;
  readonly clientId: string;
  readonly clientSecret: Secret;
}

export interface AccessToken {
  readonly accessToken: Secret;
  readonly expiresInSeconds: number;
}

/**
 * Requests an access token with client credentials. Repeatable: an additional token is harmless. Raises `SignInRefused`
 * if the vault refuses the client. Values are trimmed, because the vault refuses a trailing line end without a reason.
 */
export const requestToken = async ({ http, clientId, clientSecret }: TokenRequest): Promise<AccessToken> => {
  const { value } = await http.send({
    method: 'POST',
    path: 'Auth/Connect/Token',
    body: formBody({
      grant_type: 'client_credentials',
      client_id: clientId.trim(),
      client_secret: clientSecret.map((text) => text.trim()),
    }),
    idempotent: true,
    interpret: interpretToken,
    read: json(tokenSchema),
  });
  return { accessToken: value.access_token, expiresInSeconds: value.expires_in };
};

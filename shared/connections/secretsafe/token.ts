import * as z from 'zod';
import type { ClientCredentials } from '#shared/connections/client-credentials.ts';
import { interpretToken } from '#shared/connections/secretsafe/errors.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';
import type { Http } from '#shared/http/http.ts';
import { formBody } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';

const tokenSchema = z.object({
  access_token: z
    .string()
    .min(1)
    .transform((text) => new Secret(text)),
  expires_in: z.coerce.number().positive(),
});

/** The number of the vendor's list that means a program. */
const DEVICE_TYPE = '21';

/**
 * Requests a token with the API key of an organization. Repeatable, because a token whose answer was lost changes
 * nothing. Raises `SignInRefused` if the server refuses the key, which is final.
 */
export const requestToken = async (http: Http, { clientId, clientSecret }: Omit<ClientCredentials, 'versionId'>) => {
  try {
    const { value } = await http.send({
      method: 'POST',
      path: 'connect/token',
      body: formBody({
        grant_type: 'client_credentials',
        scope: 'api.organization',
        client_id: clientId,
        client_secret: clientSecret,
        // Some compatible servers insist on the device. The id of the organization identifies it well enough.
        device_identifier: clientId.slice(clientId.indexOf('.') + 1),
        device_name: 'pam-relay',
        device_type: DEVICE_TYPE,
      }),
      idempotent: true,
      interpret: interpretToken,
      read: json(tokenSchema),
    });
    return { accessToken: value.access_token, expiresInSeconds: value.expires_in };
  } catch (thrown) {
    const { name, message } = asRelayError(thrown, 'Requesting a token');
    // Functions that wait for the token then fail with it. Each would send as many requests, of ten a minute.
    throw new RelayError(name, message, { cause: thrown, mayHaveHappened: true });
  }
};

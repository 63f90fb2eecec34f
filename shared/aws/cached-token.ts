import * as z from 'zod';
import { Secret } from '#shared/secret.ts';

/** A cached access token. Times are in epoch milliseconds. */
export interface CachedToken {
  readonly accessToken: Secret;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Version of the bootstrap secret that the token was fetched with. */
  readonly bootstrapVersion: string;
}

const MAX_MARGIN_MS = 300_000;
const MARGIN_SHARE_OF_LIFETIME = 1 / 4;

const instant = z.iso.datetime().transform((text) => Date.parse(text));
const contentSchema = z.object({
  accessToken: z.string().min(1),
  issuedAt: instant,
  expiresAt: instant,
  bootstrapVersion: z.string(),
});

/** Content of the cache's secret for a token. */
export const serializeToken = (token: CachedToken): string =>
  JSON.stringify({
    accessToken: token.accessToken.reveal(),
    issuedAt: new Date(token.issuedAt).toISOString(),
    expiresAt: new Date(token.expiresAt).toISOString(),
    bootstrapVersion: token.bootstrapVersion,
  });

/** Parses the content of the cache's secret. Unreadable content counts as missing; replacing it costs one token. */
export const parseToken = (content: string | undefined): CachedToken | undefined => {
  const parsed = contentSchema.safeParse(parseJson(content ?? ''));
  return parsed.success ? { ...parsed.data, accessToken: new Secret(parsed.data.accessToken) } : undefined;
};

/**
 * Time at which to refresh a token: between half a margin and a full margin before its end. The margin is five minutes,
 * but at most a quarter of the lifetime. The random part keeps processes that share a token from refreshing it at once.
 *
 * @param random From 0 inclusive to 1 exclusive.
 */
export const refreshTime = ({ issuedAt, expiresAt }: CachedToken, random: number): number => {
  const margin = Math.min(MAX_MARGIN_MS, (expiresAt - issuedAt) * MARGIN_SHARE_OF_LIFETIME);
  return expiresAt - margin * (0.5 + random / 2);
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

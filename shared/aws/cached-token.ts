import * as z from 'zod';
import { Secret } from '#shared/secret.ts';

/** An access token as the cache keeps it. Times are milliseconds since the epoch. */
export interface CachedToken {
  readonly accessToken: Secret;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The version of the bootstrap secret that it was fetched with. */
  readonly bootstrapVersion: string;
}

const MAXIMUM_MARGIN_MS = 300_000;
const MARGIN_SHARE_OF_LIFETIME = 1 / 4;

const instant = z.iso.datetime().transform((text) => Date.parse(text));
const contentSchema = z.object({
  accessToken: z.string().min(1),
  issuedAt: instant,
  expiresAt: instant,
  bootstrapVersion: z.string(),
});

/** The content of the cache's secret. */
export const serializeToken = (token: CachedToken): string =>
  JSON.stringify({
    accessToken: token.accessToken.reveal(),
    issuedAt: new Date(token.issuedAt).toISOString(),
    expiresAt: new Date(token.expiresAt).toISOString(),
    bootstrapVersion: token.bootstrapVersion,
  });

/** Reads the content of the cache's secret. What is unreadable counts as missing: it costs one token to replace. */
export const parseToken = (content: string | undefined): CachedToken | undefined => {
  const parsed = contentSchema.safeParse(parseJson(content ?? ''));
  return parsed.success ? { ...parsed.data, accessToken: new Secret(parsed.data.accessToken) } : undefined;
};

/**
 * When to refresh: before the end by between half and all of a margin, which is five minutes but at most a quarter of
 * the lifetime. The spread keeps processes that hold the same token from all refreshing it at once.
 *
 * @param random From 0 up to 1.
 */
export const refreshTime = ({ issuedAt, expiresAt }: CachedToken, random: number): number => {
  const margin = Math.min(MAXIMUM_MARGIN_MS, (expiresAt - issuedAt) * MARGIN_SHARE_OF_LIFETIME);
  return expiresAt - margin * (0.5 + random / 2);
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

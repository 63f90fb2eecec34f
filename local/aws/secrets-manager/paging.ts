import * as z from 'zod';
import { invalidNextToken } from './errors.ts';

const tokenSchema = z.strictObject({ after: z.int(), scope: z.string() });

/** A page token contains the position and the request that it belongs to. It is invalid for any other request. */
export const encodeToken = (after: number, scope: string): string =>
  Buffer.from(JSON.stringify({ after, scope })).toString('base64url');

export const decodeToken = (token: string, scope: string): number => {
  const parsed = tokenSchema.safeParse(parseJson(Buffer.from(token, 'base64url').toString()));
  if (!parsed.success || parsed.data.scope !== scope) throw invalidNextToken();
  return parsed.data.after;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

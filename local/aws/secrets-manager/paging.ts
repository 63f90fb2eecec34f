import * as z from 'zod';
import { invalidNextToken } from './errors.ts';

const tokenSchema = z.strictObject({ after: z.int(), scope: z.string() });

/** A page token holds where to go on, and which question it belongs to: it is no answer to another one. */
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

import * as z from 'zod';
import { parseJson } from '../common/calls.ts';
import type { Reply } from '../common/replies.ts';
import type { Call } from './calls.ts';
import { invalid, unknownFields } from './replies.ts';
import type { Switches } from './switches.ts';

/** Ids of all resources. */
export const objectId = z.int().min(1).max(2_147_483_647);
export const textOf = (most: number, least = 1) => z.string().min(least).max(most);

/** Names of fields that only responses have. */
const READ_ONLY: readonly string[] = ['id', 'personal', 'owner_user_id', 'last_checkout_timestamp', 'public_key'];

const errorsOf = ({ issues }: z.ZodError): Record<string, string[]> => {
  const errors = new Map<string, string[]>();
  for (const { path, message } of issues) {
    const field = path.length === 0 ? 'body' : path.join('.');
    errors.set(field, [...(errors.get(field) ?? []), message]);
  }
  return Object.fromEntries(errors);
};

const withoutReadOnly = (fields: unknown): unknown =>
  typeof fields === 'object' && fields !== null && !Array.isArray(fields)
    ? Object.fromEntries(Object.entries(fields).filter(([name]) => !READ_ONLY.includes(name)))
    : fields;

/** Parses a JSON body with a strict schema: 401 for unknown fields, 422 for invalid values. */
export const readFields = <T>(
  { body }: Call,
  schema: z.ZodType<T>,
  { readOnlyFields }: Switches,
): { readonly fields: T } | { readonly refused: Reply } => {
  const parsed = parseJson(body);
  const result = schema.safeParse(readOnlyFields === 'ignored' ? withoutReadOnly(parsed) : parsed);
  if (result.success) return { fields: result.data };
  const unknown = result.error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  return { refused: unknown.length > 0 ? unknownFields(401, unknown) : invalid(errorsOf(result.error)) };
};

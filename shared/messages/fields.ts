import * as z from 'zod';
import { isPlainText } from '#shared/domain/text.ts';

/** Fields that messages of several types have. */

/** Id that a sender chooses. It is part of the name of an execution. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,47}$/, 'use 1 to 48 letters, digits, dots, hyphens and underscores');

/** Text for the vault, which shows it on one line, and for its queries, which need plain text. */
export const plainText = z
  .string()
  .refine(
    isPlainText,
    'use well-formed Unicode without control characters, such as tabs, line breaks or bidirectional marks',
  );

const MAX_LABELS = 6;

/**
 * Address of an item in a message: texts by label name, sorted by that name. The required labels depend on the rule's
 * source; see `checkAddress`.
 */
export const labels = z
  .record(
    z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,30}$/, 'use the name of a label, such as systemName'),
    plainText.min(1).max(246),
  )
  .refine((record) => Object.keys(record).length > 0, 'address the item, for example by systemName and accountName')
  .refine((record) => Object.keys(record).length <= MAX_LABELS, `use at most ${MAX_LABELS} labels`)
  .transform((record) =>
    Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1))),
  )
  .meta({ minProperties: 1, maxProperties: MAX_LABELS })
  .describe(
    'Address of an item by its labels in the vault. For an account: systemName and accountName. For a directory account, accountName is DOMAIN\\name or the user principal name.',
  );

/** True if no item is named twice. Names in the vault are not case-sensitive. Pure. */
export const isEachOnce = (items: readonly z.infer<typeof labels>[]): boolean =>
  new Set(items.map((item) => JSON.stringify(item).toLowerCase())).size === items.length;

/** Number of a ticket. */
export const ticket = z.string().regex(/^[\w.:#/-]{1,64}$/, 'use 1 to 64 letters, digits and . : # / _ -');

import * as z from 'zod';
import { isPlainText } from '#shared/domain/text.ts';

/** Building blocks for the settings of resources. Each text can contain placeholders. */

/** A text of the server, such as a name. */
export const label = (max: number) =>
  z.string().min(1).max(max).refine(isPlainText, 'use one line of text without control characters');

/** Name of another resource of the blueprint. */
export const resourceName = label(31);

import * as z from 'zod';
import type { Fields } from '#shared/domain/blueprint/fields.ts';
import { MAX_MARK_LENGTH, resemblesMark, writeMark } from '#shared/domain/blueprint/mark.ts';
import { isPlainText } from '#shared/domain/text.ts';

/** Building blocks for the settings of resources. Each text can contain placeholders. */

const PLAIN = 'use one line of text without control characters';

/** A text of the vault, such as a name. */
export const label = (max: number) => z.string().min(1).max(max).refine(isPlainText, PLAIN);

/** Longest descriptions of the vault, without the mark of the relay. */
export const MAX_SHORT_DESCRIPTION = 255 - MAX_MARK_LENGTH;
export const MAX_ACCOUNT_DESCRIPTION = 1024 - MAX_MARK_LENGTH;

const isWithoutMark = (text: string): boolean => !resemblesMark(text);
const NO_MARK = 'leave out [pam-relay, with which the relay marks its objects';

/** A description of a group, which the vault requires. */
export const requiredDescription = label(MAX_SHORT_DESCRIPTION).refine(isWithoutMark, NO_MARK);

/** A description, to whose end the relay adds its mark. */
export const described = (max: number) =>
  z
    .string()
    .max(max)
    .refine(isPlainText, PLAIN)
    .refine(isWithoutMark, NO_MARK)
    .default('')
    .describe('Description. The relay adds its mark at the end.');

/** Name of another resource of the blueprint. */
const resourceName = label(31);

/** The resource that gets rights. */
export const groupSetting = {
  group: resourceName.meta({ examples: ['owners'] }).describe('Name of the user group resource in this blueprint.'),
};

/** The resources that a right connects. */
export const groupAndRule = {
  ...groupSetting,
  rule: resourceName.meta({ examples: ['rule'] }).describe('Name of the quick rule resource in this blueprint.'),
};

const MAX_MINUTES = 525_600;

/** A duration in minutes, up to a year. */
export const minutes = z.int().min(1).max(MAX_MINUTES);

/** The vault ignores an empty text, so a released object without one gets this. */
const RELEASED = 'Released by pam-relay';

/** Description with another mark, or without one. Pure. */
export const remarked = ({ description }: Fields, mark: string | undefined): string =>
  writeMark(String(description ?? ''), mark) || RELEASED;

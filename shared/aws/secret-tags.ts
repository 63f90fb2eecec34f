import * as z from 'zod';
import { OWNER_TAG, RELAY_TAGS } from '#shared/names.ts';

/**
 * Tags of one secret. Sources: API references of AWS Secrets Manager and of Systems Manager, the data type Tag, and the
 * `Tags` of CreateSecret and of PutParameter, which have the same limits.
 */
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;

/** Key of the owner tag, which every delivered secret has. */
const OWN_TAGS = [OWNER_TAG];

/**
 * The permissions of the relay contain the tags, and IAM accepts characters only up to U+00FF in a policy. Source: IAM
 * API reference, PutRolePolicy, `PolicyDocument`.
 */
const CHARACTERS = 'Latin letters, digits, spaces and _.:/=+-@';
const isAllowed = (text: string): boolean => /^(?!.*[^\u0020-\u00FF])[\p{L}\p{N}\p{Zs}_.:/=+@-]*$/u.test(text);

const isReserved = (key: string): boolean =>
  ['aws:', RELAY_TAGS].some((prefix) => key.toLowerCase().startsWith(prefix));

const key = z
  .string()
  .min(1)
  .max(MAX_KEY)
  .refine(isAllowed, `use ${CHARACTERS}`)
  .refine(
    (text) => !isReserved(text),
    `rename it: keys that begin with aws: or ${RELAY_TAGS} belong to AWS and the relay`,
  );

const value = z.string().max(MAX_VALUE).refine(isAllowed, `use ${CHARACTERS}`);

/** Conditions of IAM do not distinguish keys by case. */
const areDistinct = (tags: Readonly<Record<string, string>>): boolean => {
  const keys = Object.keys(tags);
  return new Set(keys.map((each) => each.toLowerCase())).size === keys.length;
};

/** Tags of delivered secrets, beside those of the relay. */
export const tagsSchema = z
  .record(key, value)
  .refine(
    (tags) => Object.keys(tags).length <= MAX_TAGS - OWN_TAGS.length,
    `use at most ${MAX_TAGS - OWN_TAGS.length} tags; the relay adds one of its own`,
  )
  .refine(areDistinct, 'remove one of the keys that differ only in upper and lower case')
  .default({});

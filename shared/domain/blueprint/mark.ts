import { createHash } from 'node:crypto';

/**
 * Mark of the relay in the description of an object that it provisions. It shows a person which rule manages the
 * object, and proves to the relay that the object belongs to one subject.
 */
export interface MarkOf {
  readonly relayId: string;
  /** Name of the blueprint. */
  readonly rule: string;
  readonly subject: string;
  /** Name of the resource in the blueprint. */
  readonly resource: string;
}

/** Longest mark, with the space before it. Names of rules have at most 31 characters. */
export const MAX_MARK_LENGTH = 61;

const MARK = / ?\[pam-relay ([a-z][a-z0-9-]{0,30} [0-9a-f]{16})\]$/;

/** True for a text that could be read as a mark, which no message and no person may write. Pure. */
export const resemblesMark = (text: string): boolean => /\[pam-relay\b/i.test(text);

/** The same for the same owner, and different for any other: 64 bits of a hash. Pure. */
export const markOf = ({ relayId, rule, subject, resource }: MarkOf): string => {
  const owner = JSON.stringify([relayId, rule, subject, resource]);
  return `${rule} ${createHash('sha256').update(owner).digest('hex').slice(0, 16)}`;
};

/** Splits a description into the text of a person and the mark. Pure. */
export const readMark = (description: string): { readonly text: string; readonly mark: string | undefined } => {
  const found = MARK.exec(description);
  return found === null
    ? { text: description, mark: undefined }
    : { text: description.slice(0, found.index), mark: found[1] };
};

/** Joins a text and a mark; the inverse of {@link readMark} for a text without a mark. Pure. */
export const writeMark = (text: string, mark: string | undefined): string =>
  mark === undefined ? text : `${text}${text === '' ? '' : ' '}[pam-relay ${mark}]`;

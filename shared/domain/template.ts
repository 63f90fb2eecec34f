/**
 * Templates for a rule's `name` and `value`: plain text with placeholders, such as `prod/{systemName}/{accountName}`.
 * Doubled braces, `{{` and `}}`, are literal braces. A placeholder can have a filter, such as `{credential:url}`.
 */

/**
 * Placeholders that belong to no source: the credential, the passphrase of a key, and the checkout. All others are item
 * labels, which each source defines.
 */
export const SECRET_PLACEHOLDERS = ['credential', 'passphrase'] as const;
export const CHECKOUT_PLACEHOLDER = 'checkoutId';

/** A placeholder, and the filter after its first colon if there is one. Either can be unknown. */
export interface Placeholder {
  readonly placeholder: string;
  readonly filter?: string;
}

/** A part of a template: literal text, in which doubled braces are already single, or a placeholder. */
export type TemplatePart = { readonly text: string } | Placeholder;

/** An unmatched brace; `at` is its offset in UTF-16 units. */
interface TemplateProblem {
  readonly found: string;
  readonly at: number;
}

/** A parsed template, or all of its problems in order of position. */
export type ParsedTemplate =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] };

const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;

const readPlaceholder = (inside: string): Placeholder => {
  const colon = inside.indexOf(':');
  return colon < 0 ? { placeholder: inside } : { placeholder: inside.slice(0, colon), filter: inside.slice(colon + 1) };
};

/** Writes a placeholder as in a template. */
export const writePlaceholder = ({ placeholder, filter }: Placeholder): string =>
  `{${placeholder}${filter === undefined ? '' : `:${filter}`}}`;

/** Writes literal text as in a template, with doubled braces. */
export const writeText = (text: string): string => text.replaceAll(/[{}]/g, '$&$&');

const readToken = (token: RegExpExecArray): TemplatePart | TemplateProblem => {
  const { 0: found, index: at } = token;
  const inside = token[1];
  if (inside !== undefined) return readPlaceholder(inside);
  if (found === '{{' || found === '}}') return { text: found.charAt(0) };
  return found === '{' || found === '}' ? { found, at } : { text: found };
};

/** Joins adjacent texts, so that each template has exactly one parsed form. */
const joinTexts = (parts: readonly TemplatePart[]): TemplatePart[] => {
  const joined: TemplatePart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last !== undefined && 'text' in last && 'text' in part) {
      joined[joined.length - 1] = { text: last.text + part.text };
    } else {
      joined.push(part);
    }
  }
  return joined;
};

/** Parses a template. Never throws. The parts contain no empty text and no two adjacent texts. */
export const parseTemplate = (template: string): ParsedTemplate => {
  const parts: TemplatePart[] = [];
  const problems: TemplateProblem[] = [];
  for (const token of template.matchAll(TOKEN)) {
    const piece = readToken(token);
    if ('at' in piece) problems.push(piece);
    else parts.push(piece);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, parts: joinTexts(parts) };
};

/** Replaces each placeholder by its text. Braces in that text are not interpreted. */
export const fillTemplate = (parts: readonly TemplatePart[], textFor: (placeholder: Placeholder) => string): string =>
  parts.map((part) => ('text' in part ? part.text : textFor(part))).join('');

/**
 * Text before the first placeholder, which everything rendered from the template begins with. Empty if it is invalid.
 */
export const staticPrefix = (template: string): string => {
  const parsed = parseTemplate(template);
  const first = parsed.ok ? parsed.parts[0] : undefined;
  return first !== undefined && 'text' in first ? first.text : '';
};

/**
 * True if one of the placeholders is a whole segment of the name, at a fixed position. Only then do two items that
 * differ in it get different names, whatever the other placeholders contain. Pure.
 *
 * @param paths Placeholders whose texts can contain slashes. Between two of them a segment has no fixed position.
 */
export const isWholeSegment = (
  name: string,
  placeholders: readonly string[],
  paths: readonly string[] = [],
): boolean => {
  const parts = name.split('/');
  const isPath = (part: string): boolean => paths.some((path) => part.includes(`{${path}}`));
  return parts.some(
    (part, index) =>
      placeholders.some((placeholder) => part === `{${placeholder}}`) &&
      !(parts.slice(0, index).some(isPath) && parts.slice(index + 1).some(isPath)),
  );
};

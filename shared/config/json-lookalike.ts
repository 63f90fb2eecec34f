import { valueTemplate } from '#shared/config/schema/value.ts';
import { parseTemplate, type TemplatePart, writePlaceholder, writeText } from '#shared/domain/template.ts';
import { isList, type ValueNode } from '#shared/domain/value-template.ts';

/** Recognition of templates that spell out JSON, and their translation into a value map. Pure. */

/** Parses JSON. Undefined if the text is no JSON, and for `null`. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
};

/** A piece of the template, and its position relative to the strings of the JSON that the template spells. */
interface Piece {
  readonly part: TemplatePart;
  readonly isInString: boolean;
}

const STRING_BOUNDARY = /(\\[\s\S]|")/;

/** Splits a template at the quotes of JSON strings. A quote counts as outside. */
const piecesOf = (parts: readonly TemplatePart[]): Piece[] => {
  let isInString = false;
  return parts.flatMap((part): Piece[] => {
    if (!('text' in part)) return [{ part, isInString }];
    return part.text.split(STRING_BOUNDARY).map((text) => {
      if (text !== '"') return { part: { text }, isInString };
      isInString = !isInString;
      return { part: { text }, isInString: false };
    });
  });
};

/** Begins and ends like an object, even if no parser would accept it. */
const LOOKS_LIKE_OBJECT = /^\s*\{\s*"[\s\S]*\}\s*$/;

/**
 * True for a template that spells a JSON object, list or string, or nearly an object. Bare placeholders count as
 * numbers, so `{{{accountName}:{credential}}}` is none.
 */
export const looksLikeJson = (parts: readonly TemplatePart[]): boolean => {
  const text = parts.map((part) => ('text' in part ? part.text : '0')).join('');
  const value = parseJson(text);
  return typeof value === 'object' || typeof value === 'string' || LOOKS_LIKE_OBJECT.test(text);
};

/** Writes the JSON that a template spells, with a template in each of its strings. */
const writeTemplates = (parts: readonly TemplatePart[]): string =>
  piecesOf(parts)
    .map(({ part, isInString }) => {
      if ('text' in part) return isInString ? writeText(part.text) : part.text;
      // A map escapes its texts.
      const { placeholder, filter } = part;
      const written = writePlaceholder(filter === 'json' ? { placeholder } : part);
      return isInString ? written : `"${written}"`;
    })
    .join('');

/** Text of a key, in which nothing is a template. Undefined if it has a placeholder. */
const literalKey = (key: string): string | undefined => {
  const parsed = parseTemplate(key);
  if (!parsed.ok || parsed.parts.length > 1) return undefined;
  const [part] = parsed.parts;
  if (part === undefined) return '';
  return 'text' in part ? part.text : undefined;
};

/** Replaces every key by its literal text. Undefined if a key has none. */
const withLiteralKeys = (node: ValueNode): ValueNode | undefined => {
  if (typeof node !== 'object' || node === null) return node;
  const inner: [string | undefined, ValueNode | undefined][] = isList(node)
    ? node.map((child) => ['', withLiteralKeys(child)])
    : Object.entries(node).map(([key, child]) => [literalKey(key), withLiteralKeys(child)]);
  const complete = inner.flatMap(([key, child]) =>
    key === undefined || child === undefined ? [] : [[key, child] as const],
  );
  if (complete.length < inner.length) return undefined;
  return isList(node) ? complete.map(([, child]) => child) : Object.fromEntries(complete);
};

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Writes a map in one line of YAML. Undefined for a value that is no map, or that a map cannot hold. */
const writeMap = (value: unknown): string | undefined => {
  const { data: map } = valueTemplate.safeParse(value);
  return map === undefined || typeof map === 'string'
    ? undefined
    : JSON.stringify(map).replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escapeOf);
};

/**
 * Writes the value map that delivers the same JSON, to paste. Undefined if there is none: the JSON is no object or is
 * malformed, or one of its keys has a placeholder.
 */
export const writeAsMap = (parts: readonly TemplatePart[]): string | undefined => {
  const { data: value } = valueTemplate.safeParse(parseJson(writeTemplates(parts)));
  return value === undefined ? undefined : writeMap(withLiteralKeys(value));
};

/**
 * Writes the value map that an author put in quotes by mistake, with single braces. Undefined for a template that is
 * not a JSON object by itself.
 */
export const readAsMap = (template: string): string | undefined => writeMap(parseJson(template));

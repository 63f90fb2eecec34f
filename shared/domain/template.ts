/**
 * The templates that a rule's `name` and `value` are written in: plain text with placeholders, such as
 * `prod/{systemName}/{accountName}`. A brace that is meant as text is doubled: `{{` and `}}`.
 */

/**
 * The placeholders that belong to no source: the credential itself, the passphrase of a key, and the checkout. All others
 * are labels of items, and each source says which ones there are.
 */
export const SECRET_PLACEHOLDERS = ['credential', 'passphrase'] as const;
export const CHECKOUT_PLACEHOLDER = 'checkoutId';

/** A piece of a template: text that stays as it is (its doubled braces made single again), or a place to fill. */
export type TemplatePart = { readonly text: string } | { readonly placeholder: string };

/** A brace at one place of a template that has no partner; `at` counts UTF-16 units from its beginning. */
interface TemplateProblem {
  readonly found: string;
  readonly at: number;
}

/** A template taken apart, or everything that is wrong with it, in the order in which it stands there. */
export type ParsedTemplate =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] };

const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;

const readToken = (token: RegExpExecArray): TemplatePart | TemplateProblem => {
  const { 0: found, index: at } = token;
  const placeholder = token[1];
  if (placeholder !== undefined) return { placeholder };
  if (found === '{{' || found === '}}') return { text: found.charAt(0) };
  return found === '{' || found === '}' ? { found, at } : { text: found };
};

/** Neighbouring texts as one, so that a template has one way only to be taken apart. */
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

/** Takes a template apart. Never throws; the parts hold no empty and no two neighbouring texts. */
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

/** The template as text, each placeholder replaced by what `textFor` gives for it; what it gives is not read again. */
export const fillTemplate = (parts: readonly TemplatePart[], textFor: (placeholder: string) => string): string =>
  parts.map((part) => ('text' in part ? part.text : textFor(part.placeholder))).join('');

/** The text before the first placeholder: what all that is written from this template begins with. Empty when broken. */
export const staticPrefix = (template: string): string => {
  const parsed = parseTemplate(template);
  const first = parsed.ok ? parsed.parts[0] : undefined;
  return first !== undefined && 'text' in first ? first.text : '';
};

/**
 * Whether one of the placeholders stands alone between two slashes of a name, or at its end, and always at the same place:
 * only then do names tell apart what differs in it, whatever the other placeholders say. Pure.
 *
 * @param paths Placeholders whose texts may hold slashes. With one of them on either side the place is not known.
 */
export const standsAlone = (name: string, placeholders: readonly string[], paths: readonly string[] = []): boolean => {
  const parts = name.split('/');
  const isPath = (part: string): boolean => paths.some((path) => part.includes(`{${path}}`));
  return parts.some(
    (part, index) =>
      placeholders.some((placeholder) => part === `{${placeholder}}`) &&
      !(parts.slice(0, index).some(isPath) && parts.slice(index + 1).some(isPath)),
  );
};

import { type Labels, textOf } from '#shared/domain/item.ts';
import { createNaming, type NamingOptions } from '#shared/domain/naming.ts';
import { CHECKOUT_PLACEHOLDER, parseTemplate, type TemplatePart } from '#shared/domain/template.ts';

/** One part of a name: its text there, and the text of the label before it was encoded. */
export interface ReadPart {
  readonly label: string;
  readonly encoded: string;
  readonly text: string;
}

/** One way to read a name. */
export interface Reading {
  readonly parts: readonly ReadPart[];
  readonly labels: Labels;
  /** Name of a secret with these labels. Differs from the name that was read if no secret can have that one. */
  readonly name: string;
  /** Reason for a change of the whole name that its parts do not explain. */
  readonly finishReason: string | undefined;
}

/** A template such as `{a}{b}` has a reading for each position between the two. */
const MAX_READINGS = 10;

/**
 * Reads the name of a secret backwards: the labels of the items that the naming could have had before it. Every reading
 * is proven by naming its labels again. Most specific templates have one; a template whose placeholders are not
 * separated can have several, of which at most ten are returned. Empty if the template cannot result in the name.
 * Raises `ConfigurationInvalid` for a name that is too long. Pure.
 */
export const readName = ({ template, labels, rules }: Omit<NamingOptions, 'checkoutId'>, name: string): Reading[] => {
  const parsed = parseTemplate(template);
  const { reading } = rules;
  if (!parsed.ok || reading === undefined) return [];
  const filled = reading.unfinish?.(name) ?? name;
  const isPath = (label: string): boolean => Object.hasOwn(labels, label) && labels[label]?.path === true;
  const decode = (label: string, encoded: string): string | undefined => {
    const parts = isPath(label) ? encoded.split('/').map(reading.decodePart) : [reading.decodePart(encoded)];
    return parts.every((part) => part !== undefined) ? parts.join('/') : undefined;
  };
  return splits(parsed.parts, filled, isPath)
    .flatMap((pieces): Reading[] => {
      const parts = pieces.map(({ label, encoded }) => ({ label, encoded, text: decode(label, encoded) }));
      const read = parts.flatMap(({ text, ...part }) => (text === undefined ? [] : [{ ...part, text }]));
      const of = Object.fromEntries(read.map(({ label, text }) => [label, text]));
      if (read.length < parts.length || read.some(({ label, text }) => textOf(of, label) !== text)) return [];
      const nameOf = createNaming({ template, labels, rules, checkoutId: textOf(of, CHECKOUT_PLACEHOLDER) });
      const named = nameOf({ title: name, labels: of });
      const finishReason = named === filled ? undefined : reading.finishReason;
      return [{ parts: read, labels: of, name: named, finishReason }];
    })
    .slice(0, MAX_READINGS);
};

interface Piece {
  readonly label: string;
  readonly encoded: string;
}

/** A long name without separators has more divisions than can be tried. */
const MAX_STEPS = 20_000;

/** All ways to divide a name among the placeholders of a template. Only the text of a path contains slashes. */
const splits = (parts: readonly TemplatePart[], name: string, isPath: (label: string) => boolean): Piece[][] => {
  const found: Piece[][] = [];
  let steps = 0;
  const visit = (index: number, at: number, pieces: readonly Piece[]): void => {
    steps += 1;
    if (steps > MAX_STEPS) return;
    const part = parts[index];
    if (part === undefined) {
      if (at === name.length) found.push([...pieces]);
      return;
    }
    if ('text' in part) {
      if (name.startsWith(part.text, at)) visit(index + 1, at + part.text.length, pieces);
      return;
    }
    const slash = isPath(part.placeholder) ? -1 : name.indexOf('/', at);
    const limit = slash === -1 ? name.length : slash;
    const ends = index === parts.length - 1 ? [limit] : Array.from({ length: limit - at }, (_, more) => at + more + 1);
    for (const end of ends) {
      if (end > at) visit(index + 1, end, [...pieces, { label: part.placeholder, encoded: name.slice(at, end) }]);
    }
  };
  visit(0, 0, []);
  return found;
};

import { type Item, textOf } from '#shared/domain/item.ts';
import { compileTemplate } from '#shared/domain/rendering.ts';
import { SECRET_PLACEHOLDERS } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';

/** The labels that templates may use. The slashes of a `path` stay slashes in a name: its folders become folders. */
export type LabelRules = Readonly<Record<string, { readonly path?: true }>>;

/** Labels of which a name has to say one, and what is wrong with a name that says none of them. */
export interface NameNeed {
  readonly oneOf: readonly string[];
  readonly otherwise: string;
}

/** What a store takes for the name of a secret. Each store type has its own. */
export interface NameRules {
  /** How the store is called in messages, such as `Secrets Manager`. */
  readonly store: string;
  /** Most characters of a name. */
  readonly maxLength: number;
  /** The characters that a template's own text may hold, in words for messages, and as a test of one character. */
  readonly allowed: { readonly words: string; readonly test: (character: string) => boolean };
  /** Any text as one part of a name. Two different texts never become the same. */
  readonly encodePart: (text: string) => string;
  /** The last touch to a name, where the store wants one; as injective as `encodePart`. */
  readonly finish?: (name: string) => string;
  /** What is wrong with the text that a template ends with, if anything, and what to do; in words for messages. */
  readonly badEnding?: (text: string) => string | undefined;
}

const utf8Hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '=$&');

/**
 * Any text as one part of a name: what is refused becomes `=` and the hex digits of its UTF-8 bytes, as in
 * quoted-printable, so that two different texts never look the same. An empty text becomes `_`, and a lone underscore
 * gives way to it.
 *
 * @param refused Matches every character that may not stay, globally; the slash and the equals sign are among them.
 */
export const encodeQuoted =
  (refused: RegExp) =>
  (text: string): string => {
    if (text === '') return '_';
    return text === '_' ? utf8Hex(text) : text.replace(refused, utf8Hex);
  };

export interface NamingOptions {
  /** As relay.yaml has it. */
  readonly template: string;
  readonly labels: LabelRules;
  readonly rules: NameRules;
  /** Empty for a sync. */
  readonly checkoutId?: string;
}

/**
 * The names that a sync, or one checkout, gives to its secrets in one store. Raises `ConfigurationInvalid` for a name that
 * the store can't hold.
 */
export const createNaming = ({
  template,
  labels,
  rules,
  checkoutId = '',
}: NamingOptions): ((item: Pick<Item, 'labels' | 'title'>) => string) => {
  const fill = compileTemplate(template);
  const pathLabels = new Set(Object.keys(labels).filter((label) => labels[label]?.path === true));
  const encode = (label: string, text: string): string =>
    pathLabels.has(label) ? text.split('/').map(rules.encodePart).join('/') : rules.encodePart(text);
  return (item) => {
    const texts: Item['labels'] = { ...item.labels, checkoutId };
    const filled = fill((placeholder) => {
      if (SECRET_PLACEHOLDERS.some((secret) => secret === placeholder)) {
        throw new RelayError('ConfigurationInvalid', `A name template must not contain {${placeholder}}.`);
      }
      return encode(placeholder, textOf(texts, placeholder));
    });
    const name = rules.finish?.(filled) ?? filled;
    if (name.length > rules.maxLength) {
      throw new RelayError(
        'ConfigurationInvalid',
        `The name of the secret for ${item.title} would be ${name.length} characters long; ${rules.store} takes ${rules.maxLength}. Shorten the name template.`,
      );
    }
    return name;
  };
};

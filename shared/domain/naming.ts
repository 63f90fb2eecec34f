import { type Item, textOf } from '#shared/domain/item.ts';
import { compileTemplate } from '#shared/domain/rendering.ts';
import { SECRET_PLACEHOLDERS } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';

/** Labels that templates can use. */
export type LabelRules = Readonly<Record<string, LabelRule>>;

interface LabelRule {
  /** Its slashes are kept in a name, so its folders become folders. */
  readonly path?: true;
  /** It describes the active account, so it differs after a turn. A name must not contain it: it would move. */
  readonly ofTurn?: true;
  /** Items do not have it: it comes with the credential. A name cannot contain it. */
  readonly ofRead?: true;
}

/** A name template must contain one of these labels; `otherwise` is the message for a template that contains none. */
export interface NameNeed {
  readonly oneOf: readonly string[];
  readonly otherwise: string;
}

/** Reverse of the encoding of names. */
interface NameReading {
  /** Reverses `encodePart`; undefined for a text that it never returns. */
  readonly decodePart: (part: string) => string | undefined;
  /** Reverses `finish`; returns a name that it did not change as it is. */
  readonly unfinish?: (name: string) => string;
  /** Reason for the change that `finish` makes, as a sentence. */
  readonly finishReason?: string;
}

/** Rules of a store type for the names of its secrets. */
export interface NameRules {
  /** Display name of the store in messages, such as `Secrets Manager`. */
  readonly store: string;
  /** Maximum length of a name in characters. */
  readonly maxLength: number;
  /** Characters allowed in a template's own text, in words for messages and as a test of one character. */
  readonly allowed: { readonly words: string; readonly test: (character: string) => boolean };
  /** Encodes any text as one part of a name. Injective. */
  readonly encodePart: (text: string) => string;
  /** Final change to a name, if the store needs one. Injective. */
  readonly finish?: (name: string) => string;
  /** Reverses the encoding, to explain names. Names of a store without it can only be computed. */
  readonly reading?: NameReading;
  /** Message about an invalid beginning of a template and its fix; undefined for a valid beginning. */
  readonly badBeginning?: (text: string) => string | undefined;
  /** Message about an invalid ending of a template and its fix; undefined for a valid ending. */
  readonly badEnding?: (text: string) => string | undefined;
  /** Problem of a complete name and its fix, as the end of a sentence; undefined for a valid name. */
  readonly badName?: (name: string) => string | undefined;
}

const utf8Hex =
  (mark: string) =>
  (text: string): string =>
    Buffer.from(text).toString('hex').toUpperCase().replace(/../g, `${mark}$&`);

/**
 * Encodes any text as one part of a name. As in quoted-printable, a refused character becomes the mark, `=` by
 * default, and the hex digits of each of its UTF-8 bytes. An empty text becomes `_`, and the text `_` is encoded.
 * Injective.
 *
 * @param refused Global pattern of all characters to encode, including the slash, and the escape where two upper-case
 *   hex digits follow it.
 */
export const encodeQuoted =
  (refused: RegExp, mark: '=' | '_' = '=') =>
  (text: string): string => {
    if (text === '') return '_';
    return text === '_' ? utf8Hex(mark)(text) : text.replace(refused, utf8Hex(mark));
  };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reverses {@link encodeQuoted}. Undefined for a text that it never returns. */
export const decodeQuoted =
  (encode: (text: string) => string, mark: '=' | '_' = '=') =>
  (part: string): string | undefined => {
    if (part === '_') return '';
    try {
      const text = part.replace(new RegExp(`(?:${mark}[0-9A-F]{2})+`, 'g'), (run) =>
        utf8.decode(Buffer.from(run.replaceAll(mark, ''), 'hex')),
      );
      return encode(text) === part ? text : undefined;
    } catch {
      return undefined;
    }
  };

export interface NamingOptions {
  /** As written in relay.yaml. */
  readonly template: string;
  readonly labels: LabelRules;
  readonly rules: NameRules;
  /** Empty for a sync. */
  readonly checkoutId?: string;
}

/**
 * Names the secrets of a sync, or of one checkout, in one store. Raises `ConfigurationInvalid` for a name that the
 * store cannot accept.
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
    const filled = fill(({ placeholder, filter }) => {
      if (filter !== undefined) {
        throw new RelayError('ConfigurationInvalid', `A name template must not contain the filter :${filter}.`);
      }
      if (SECRET_PLACEHOLDERS.some((secret) => secret === placeholder)) {
        throw new RelayError('ConfigurationInvalid', `A name template must not contain {${placeholder}}.`);
      }
      return encode(placeholder, textOf(texts, placeholder));
    });
    const name = rules.finish?.(filled) ?? filled;
    if (name.length > rules.maxLength) {
      throw new RelayError(
        'ConfigurationInvalid',
        `The secret name for ${item.title} would be ${name.length} characters long; ${rules.store} allows ${rules.maxLength}. Shorten the name template.`,
      );
    }
    const problem = rules.badName?.(name);
    if (problem !== undefined) {
      throw new RelayError('ConfigurationInvalid', `The secret name for ${item.title} ${problem}.`);
    }
    return name;
  };
};
